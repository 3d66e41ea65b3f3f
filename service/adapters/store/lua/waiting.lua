-- KEYS[1]: the jobs not yet finished.
return redis.call('ZCOUNT', KEYS[1], '-inf', now_ms())
