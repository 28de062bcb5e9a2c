// express-session's store contract on Redis: get and touch, 64 at once. Prints nanoseconds for each pair.

import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import session from 'express-session';
import { RedisStore } from 'connect-redis';
import { createClient } from 'redis';

const SESSIONS = 20_000;
const PAIRS = 60_000;
const AT_ONCE = 64;

const port = await new Promise((resolve) => {
  const server = createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});
const redis = spawn('redis-server', ['--port', String(port), '--save', '', '--appendonly', 'no'], { stdio: 'ignore' });
redis.once('error', () => process.exit(1));
const client = createClient({ url: `redis://127.0.0.1:${port}` });
client.on('error', () => {});
await client.connect();

const store = new RedisStore({ client });
const cookie = new session.Cookie({ maxAge: 86_400_000 });
const call = (method, ...rest) =>
  new Promise((resolve, reject) => store[method](...rest, (error, value) => (error ? reject(error) : resolve(value))));
for (let number = 0; number < SESSIONS; number += 1) {
  await call('set', `id${number}`, { cookie, subject: 'user@example.com' });
}
let left = PAIRS;
const began = process.hrtime.bigint();
await Promise.all(Array.from({ length: AT_ONCE }, async () => {
  while (left-- > 0) {
    const id = `id${Math.floor(Math.random() * SESSIONS)}`;
    const value = await call('get', id);
    await call('touch', id, { ...value, cookie });
  }
}));
console.log(Number(process.hrtime.bigint() - began) / PAIRS);
await client.close();
redis.kill('SIGKILL');
process.exit(0);
