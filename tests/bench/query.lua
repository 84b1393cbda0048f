-- Asks an instant query with the token in TOKEN.
wrk.headers["X-Token"] = os.getenv("TOKEN")
wrk.headers["X-Scope-OrgID"] = os.getenv("TENANT")
