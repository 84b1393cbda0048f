-- Pushes the request in the file that PAYLOAD names, with the token in TOKEN.
local file = assert(io.open(os.getenv("PAYLOAD"), "rb"))
wrk.method = "POST"
wrk.body = file:read("*a")
wrk.headers["X-Token"] = os.getenv("TOKEN")
wrk.headers["X-Scope-OrgID"] = os.getenv("TENANT")
wrk.headers["Content-Type"] = "application/x-protobuf"
wrk.headers["Content-Encoding"] = "snappy"
