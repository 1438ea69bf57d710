import { writeSync } from 'node:fs';
import { openSqliteStore } from '../../../src/controller/store/sqlite-store.ts';

/** Commits until it is killed; says each number once its commit is acknowledged. */
const store = openSqliteStore(process.argv[2] ?? '');
let next = (await store.list('number/')).length;
for (;;) {
  await store.commit({ compare: [], puts: [{ key: `number/${next}`, value: String(next) }], deletes: [] });
  writeSync(1, `${next}\n`);
  next += 1;
}
