// Rendered by the server: which version this is and which files belong to it. What it does with them stands in
// static/service-worker/cache.js, which this script carries along as one of its own parts.
self.VERSION = {{ version | tojson }};
self.PRECACHE = {{ precache | tojson }};
importScripts("/static/service-worker/cache.js");
