import { openSync, writeSync } from 'node:fs';
import { openKernel } from '../../../src/agent/kernel/open-kernel.ts';

/** Starts a detached process in a namespace, says its id, and has nothing more to do. */
const kernel = await openKernel({ underlay: null });
const namespace = kernel.openNamespace(process.argv[2] ?? '');
const log = openSync('/dev/null', 'w');
writeSync(1, `${namespace?.startDetached('/bin/sleep', ['1000'], { log, env: {} }).pid}`);
namespace?.close();
kernel.underlay.close();
