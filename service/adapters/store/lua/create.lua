-- KEYS[5]: the idempotency key. ARGV: id, owner, lease_ms ('' leaves the job waiting), kept, max_queued,
-- fingerprint ('' without a key), ttl_ms, prefix of documents, request, created, tenant, background, last,
-- unfinished jobs allowed of the tenant ('' for any number), trace, number of entries, (sequence, event, data) each,
-- (name, round) each.
local id, lease_ms, kept, fingerprint = ARGV[1], ARGV[3], tonumber(ARGV[4]), ARGV[6]

if fingerprint ~= '' then
  local held = redis.call('GET', KEYS[5])
  if held then
    local other, print = string.match(held, '^(%S+) (%S+)$')
    if print ~= fingerprint then
      return { 'reused' }
    end
    local document = ARGV[8] .. other
    local status = redis.call('HGET', document, 'status')
    if status and status ~= 'failed' and status ~= 'cancelled' then
      redis.call('HINCRBY', document, 'clients', 1)
      return { 'joined', other }
    end
  end
end
local unfinished = redis.call('ZCARD', KEYS[4])
if unfinished >= tonumber(ARGV[5]) then
  return { 'full' }
end
local of_tenant = unfinished > 0 and tonumber(redis.call('HGET', KEYS[4] .. ':tenants', ARGV[11]) or 0) or 0
if ARGV[14] ~= '' and of_tenant >= tonumber(ARGV[14]) then
  return { 'enough' }
end

-- Of a script a full memory refuses the first write, if that takes room, and no other.
redis.call('HSET', KEYS[1], 'status', 'queued')
if unfinished == 0 then
  redis.call('DEL', KEYS[4] .. ':tenants', turns(KEYS[4])) -- whatever was lost is not counted for ever
end
redis.call('DEL', KEYS[1], KEYS[2], KEYS[3])
redis.call('HSET', KEYS[1], 'status', 'queued', 'request', ARGV[9], 'created', ARGV[10], 'tenant', ARGV[11],
  'background', ARGV[12], 'trace', ARGV[15], 'last', ARGV[13], 'trimmed', ARGV[13], 'token', 0, 'crashes', 0, 'clients', 1)
count(KEYS[4], ARGV[11], 1)
local position = 17
for _ = 1, tonumber(ARGV[16]) do
  append(ARGV[position], ARGV[position + 1], ARGV[position + 2], kept)
  position = position + 3
end
for name = position, #ARGV, 2 do
  redis.call('HSET', KEYS[3], ARGV[name], ARGV[name + 1])
end
if fingerprint ~= '' then
  redis.call('SET', KEYS[5], id .. ' ' .. fingerprint, 'PX', ARGV[7])
end
if lease_ms == '' then
  local was_begun = tonumber(ARGV[13]) > 0 -- elsewhere, by a process that stops
  redis.call('ZADD', KEYS[4], was_begun and now_ms() or next_turn(KEYS[4], ARGV[11]), id)
  return { 'created', id, 0 }
end
return { 'created', id, lease(KEYS[1], KEYS[4], id, ARGV[2], lease_ms) }
