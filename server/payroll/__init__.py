"""Wages: rates of people, what they come to, and means of groups. Payroll's pages."""
