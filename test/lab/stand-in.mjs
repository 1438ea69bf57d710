// Stands in for keeper, controller and agents where only the lab itself is under test: an agent is "connected" while a
// file of its state folder names a process that lives; `--purge` removes the agent's marks; the keeper only is there.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname, join } from 'node:path';

const FOREVER_MS = 1_000_000;
const [role, ...rest] = process.argv.slice(2);
const flags = Object.fromEntries(
  rest.map((argument) => [argument.split('=')[0].slice(2), argument.slice(argument.indexOf('=') + 1)]),
);
const state = flags['state-directory'];
if (state !== undefined) mkdirSync(state, { recursive: true });

if (role === 'lab') {
  setInterval(() => {}, FOREVER_MS);
} else if (role === 'controller') {
  const token = readFileSync(flags['token-file'], 'utf8').trim();
  const [host, port] = flags.listen.split(':');
  createServer((request, response) => {
    const allowed = request.headers.authorization === `Bearer ${token}`;
    response.writeHead(allowed ? 200 : 401, { 'content-type': 'application/json' });
    const body = request.url === '/v1/nodes' ? { nodes: readNodes(dirname(state)) } : { overlays: [] };
    response.end(JSON.stringify(allowed ? body : { error: { code: 'unauthorized', message: 'no token' } }));
  }).listen(Number(port), host);
} else if (rest.includes('--purge')) {
  rmSync(join(state, 'environments'), { recursive: true });
} else {
  if (existsSync(join(dirname(state), 'controller', `refuse-${flags.node}`))) {
    console.log('refused to start');
    process.exit(1);
  }
  writeFileSync(join(state, 'alive'), String(process.pid));
  setInterval(() => {}, FOREVER_MS);
}

function readNodes(directory) {
  return readdirSync(directory).flatMap((name) => {
    const file = join(directory, name, 'alive');
    if (!existsSync(file)) return [];
    const connected = existsSync(`/proc/${readFileSync(file, 'utf8')}`);
    return [{ name, connected, members: { used: 0, limit: 8 } }];
  });
}
