"""What users see and change of their own account: name, password, second factors, sign-ins."""
