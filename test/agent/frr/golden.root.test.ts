import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { openFrr } from '../../../src/agent/frr/frr.ts';
import type { DaemonName } from '../../../src/model/routing-state.ts';

const FOLDER = fileURLToPath(new URL('golden', import.meta.url));
const TEMPLATES = fileURLToPath(new URL('../../../frr/templates', import.meta.url));

test.each(readdirSync(FOLDER))('FRR itself accepts %s', async (name) => {
  const frr = await openFrr({ templateDirectories: [TEMPLATES] });
  const daemon = name.slice(name.lastIndexOf('-') + 1, -'.conf'.length) as DaemonName;
  expect(await frr.check(daemon, readFileSync(join(FOLDER, name), 'utf8'))).toBeNull();
});
