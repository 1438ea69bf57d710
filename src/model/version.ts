import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The product's version: package.json is the one place that says it. */
export const VERSION: string = readVersion();

function readVersion(): string {
  const file = join(import.meta.dirname, '../../package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
