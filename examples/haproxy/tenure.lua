-- Asks Tenure whether a request may pass (HAProxy's own HTTP client, 2.6 or newer).
--
--   http-request lua.tenure http://127.0.0.1:8080

local IDENTITY = { "tenure-subject", "tenure-session", "tenure-auth-time", "tenure-assurance", "tenure-assertion" }

-- What belongs to the connection or the body of the request, and not to the question.
local NOT_ASKED = {
  ["connection"] = true, ["content-encoding"] = true, ["content-length"] = true, ["expect"] = true,
  ["keep-alive"] = true, ["te"] = true, ["trailer"] = true, ["transfer-encoding"] = true, ["upgrade"] = true,
}

-- What belongs to the connection or the framing of Tenure's answer.
local NOT_ANSWERED = {
  ["connection"] = true, ["content-length"] = true, ["keep-alive"] = true, ["transfer-encoding"] = true,
}

-- HAProxy counts the values of a header from 0.
local function values(list)
  local found = {}
  local number = list[0] ~= nil and 0 or 1
  while list[number] ~= nil do
    found[#found + 1] = list[number]
    number = number + 1
  end
  return found
end

-- The session cookie is none of the application's business.
local function without_own_cookies(lines)
  local kept = {}
  for _, line in ipairs(lines) do
    for pair in line:gmatch("[^;]+") do
      local name = pair:match("^%s*([^=]-)%s*=") or ""
      name = name:gsub("^__Host%-", "")
      if name ~= "tenure" and name ~= "tenure-mark" and name ~= "tenure-form" then
        kept[#kept + 1] = pair:match("^%s*(.-)%s*$")
      end
    end
  end
  return table.concat(kept, "; ")
end

local function refuse(txn, response)
  local reply = txn:reply{ status = response.status, reason = response.reason, body = response.body }
  for name, list in pairs(response.headers or {}) do
    if not NOT_ANSWERED[name:lower()] then
      for _, value in ipairs(values(list)) do
        reply:add_header(name, value)
      end
    end
  end
  txn:done(reply)
end

local function ask(txn, address)
  local asked = {}
  local headers = txn.http:req_get_headers()
  for name, list in pairs(headers) do
    if not NOT_ASKED[name:lower()] then
      asked[name] = values(list)
    end
  end
  asked["x-forwarded-method"] = { txn.sf:method() }
  asked["x-forwarded-uri"] = { txn.sf:pathq() }

  local response = core.httpclient():get{
    url = address .. "/.tenure/authorize?mode=redirect",
    headers = asked,
    timeout = 10000,
  }
  if response == nil or response.status == nil or response.status == 0 then
    response = { status = 503, reason = "Service Unavailable", headers = {}, body = "" }
  end
  if response.status ~= 200 then
    return refuse(txn, response)
  end

  for _, name in ipairs(IDENTITY) do
    local list = response.headers[name]
    txn.http:req_set_header(name, list and values(list)[1] or "")
  end
  if headers["cookie"] then
    local rest = without_own_cookies(values(headers["cookie"]))
    txn.http:req_del_header("cookie")
    if rest ~= "" then
      txn.http:req_set_header("cookie", rest)
    end
  end
end

core.register_action("tenure", { "http-req" }, ask, 1)
