// Prints what the lab's Prometheus endpoints say of one router: node show-metrics.mjs OVERLAY ROUTER
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const [overlay, router] = process.argv.slice(2);
const settings = readFileSync(join(process.env.VINET_LAB_DIR || '/run/vinet/lab', 'client.yaml'), 'utf8');
const controller = /^address: (\S+)$/m.exec(settings)?.[1];

const agents = JSON.parse(await read(`${controller}/v1/targets`)).flatMap(({ targets }) => targets);
const texts = await Promise.all([`${controller}/metrics`, ...agents.map((agent) => `http://${agent}/metrics`)].map(read));
const lines = texts.flatMap((text) => text.split('\n'));

const ofOverlay = new RegExp(`^vinet_overlay_(?:routes|convergence)\\w*\\{overlay="${overlay}"`);
const ofRouter = new RegExp(
  `^vinet_(?:routes|neighbors|frr_daemon_up|link_\\w+_bytes_total)\\{overlay="${overlay}",router="${router}"`,
);
const shown = lines.filter((line) => ofOverlay.test(line) || ofRouter.test(line));
for (const line of shown) console.log(line);
if (!shown.some((line) => ofRouter.test(line))) {
  console.error(`no metrics of ${overlay}/${router} at ${[controller, ...agents].join(', ')}`);
  process.exitCode = 1;
}

async function read(url) {
  const response = await fetch(url, { signal: AbortSignal.timeout(10_000) });
  if (!response.ok) throw new Error(`${url} answers ${response.status}`);
  return response.text();
}
