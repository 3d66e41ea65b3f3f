-- KEYS[1]: when the tenant's bucket of tokens will be full again. ARGV: its limit a minute, and the tokens to take.
local now = now_ms()
fill_at(KEYS[1], after_taking(KEYS[1], ARGV[1], tonumber(ARGV[2]), now), now)
