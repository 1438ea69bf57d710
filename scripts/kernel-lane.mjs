// Runs the kernel lane's tests on a stock Debian kernel in an emulated machine whose root is this machine's own.
import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const USAGE = `usage: npm run test:kernel [-- OPTION... FILE...]
Runs test files (all of the vitest project "kernel" unless some are named) on a stock Debian kernel under QEMU.
The guest's root is this machine's own: what it writes is forgotten when it ends, except in /run/kernel-lane.
  --shell COMMAND   run this in the guest instead, with bash in this checkout, and print what it says
  --report FILE     where vitest's JSON report goes
  --console         show the kernel's own messages also when nothing fails
VINET_KERNEL_TIMEOUT_S: a guest that takes longer has failed (2700)
VINET_KERNEL_GUESTS: how many guests at once share the files out (1)`;

const CHECKOUT = fileURLToPath(new URL('..', import.meta.url));
const GUEST = join(CHECKOUT, 'test/kernel/guest');
const KERNELS = '/var/cache/vinet/kernel';
/** What the guest needs before it has a root; modprobe tells in which order. */
const BOOT_MODULES = ['virtio_pci', 'virtio_console', '9p', '9pnet_virtio', 'overlay'];
/** What the kernel loads for nobody by itself, but tests look for. */
const EXTRA_MODULES = ['tun', 'mpls_router'];
const TIMEOUT_S = Number(process.env.VINET_KERNEL_TIMEOUT_S ?? 2700);
const CONSOLE_LINES = 60;
const GUESTS = Math.max(1, Number(process.env.VINET_KERNEL_GUESTS) || 1);
const MOST_STARTS = 3;
/** A guest that has less of the processors than that in so long waits for nothing that will come. */
const FEWEST_TICKS = 20;
const STILL_MS = 120_000;
const STOOD_STILL = 'stood still';
/** How long files take in a guest, roughly: only how much they differ matters. */
const SECONDS = {
  'link-table.kernel': 400,
  'link-promises.kernel': 200,
  'isolation.kernel': 120,
  'ipsec.kernel': 90,
  'keys.kernel': 90,
  'vrf.kernel': 90,
  'ipip-ring.kernel': 60,
  'link-filter.root': 60,
  'nat.kernel': 60,
  'tunnels.kernel': 40,
};
const OTHER_SECONDS = 10;

const { values: options, positionals: files } = parseArgs({
  allowPositionals: true,
  options: {
    shell: { type: 'string' },
    report: { type: 'string' },
    console: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log(USAGE);
} else {
  const room = mkdtempSync(join(tmpdir(), 'vinet-kernel-lane.'));
  try {
    process.exitCode = await main(room);
  } finally {
    rmSync(room, { recursive: true, force: true });
  }
}

async function main(room) {
  const kernel = findKernel();
  packInitramfs(kernel, room);
  const commands = options.shell === undefined ? shareOut(listFiles()).map(vitest) : [options.shell];
  const guests = commands.map((command, at) => {
    const guest = { lane: join(room, `lane${at}`), console: join(room, `console${at}`) };
    furnishLane(kernel, guest.lane, command);
    return { ...guest, argv: qemuArguments(kernel, room, guest) };
  });
  const statuses = await Promise.all(guests.map(async (guest) => judge(await runGuest(guest), guest)));
  if (options.report !== undefined) writeReport(guests.map(({ lane }) => join(lane, 'report.json')));
  return Math.max(...statuses);
}

function listFiles() {
  const argv = ['node_modules/vitest/vitest.mjs', 'list', '--project', 'kernel', '--filesOnly', ...files, '--json'];
  const listed = JSON.parse(execFileSync('node', argv, { cwd: CHECKOUT, encoding: 'utf8' }));
  if (listed.length === 0) throw new Error(`no file of the kernel lane is ${files.join(' or ')}`);
  return listed.map(({ file }) => relative(CHECKOUT, file));
}

/** For each guest the files that it runs: the longest first, each to whom has least to do. */
function shareOut(all) {
  const secondsOf = (file) => SECONDS[basename(file, '.test.ts')] ?? OTHER_SECONDS;
  const shares = Array.from({ length: GUESTS }, () => ({ seconds: 0, files: [] }));
  for (const file of all.toSorted((one, other) => secondsOf(other) - secondsOf(one))) {
    const share = shares.reduce((least, one) => (one.seconds < least.seconds ? one : least));
    share.seconds += secondsOf(file);
    share.files.push(file);
  }
  return shares.flatMap((share) => (share.files.length === 0 ? [] : [share.files]));
}

/** One report, as vitest would have written it of all files. */
function writeReport(paths) {
  const reports = paths.filter(existsSync).map((path) => JSON.parse(readFileSync(path, 'utf8')));
  if (reports.length === 0) return;
  const counts = [...new Set(reports.flatMap(Object.keys))].filter((key) => key.startsWith('num'));
  const merged = {
    ...Object.fromEntries(counts.map((key) => [key, reports.reduce((sum, one) => sum + (one[key] ?? 0), 0)])),
    success: reports.length === paths.length && reports.every(({ success }) => success),
    testResults: reports.flatMap(({ testResults }) => testResults),
  };
  writeFileSync(options.report, JSON.stringify(merged));
}

function findKernel() {
  const [release] = existsSync(KERNELS) ? readdirSync(KERNELS).sort().reverse() : [];
  if (release === undefined) throw new Error(`no kernel in ${KERNELS}; run scripts/setup.sh kernel`);
  const folder = join(KERNELS, release);
  return {
    release,
    folder,
    image: join(folder, 'boot', `vmlinuz-${release}`),
    modules: join(folder, 'lib/modules', release),
  };
}

/** The initramfs: busybox, guest/init and the modules that reach the host's root. */
function packInitramfs({ release, folder }, room) {
  const tree = join(room, 'initramfs');
  for (const name of ['bin', 'proc', 'dev', 'lower', 'changes', 'newroot', 'modules'])
    mkdirSync(join(tree, name), { recursive: true });
  copyFileSync('/bin/busybox', join(tree, 'bin/busybox'));
  for (const name of ['sh', 'mount', 'umount', 'mkdir', 'insmod', 'switch_root'])
    symlinkSync('busybox', join(tree, 'bin', name));
  copyFileSync(join(GUEST, 'init'), join(tree, 'init'));
  chmodSync(join(tree, 'init'), 0o755);
  for (const [at, path] of bootModules(release, folder).entries())
    copyFileSync(path, join(tree, 'modules', `${String(at).padStart(2, '0')}-${basename(path)}`));
  execFileSync('sh', ['-c', 'find . | cpio --quiet -o -H newc >../initramfs.cpio'], { cwd: tree });
}

/** Paths of the modules, each after those that it needs. */
function bootModules(release, folder) {
  const argv = ['-d', folder, '-S', release, '--show-depends', '-a', ...BOOT_MODULES];
  const lines = execFileSync('modprobe', argv, { encoding: 'utf8' }).split('\n');
  return [...new Set(lines.flatMap((line) => /^insmod (\S+)/.exec(line)?.[1] ?? []))];
}

/** The folder that host and guest share: what to run, and what came of it. */
function furnishLane({ modules }, lane, command) {
  mkdirSync(lane);
  copyFileSync(join(GUEST, 'boot.sh'), join(lane, 'boot.sh'));
  const settings = [
    `CHECKOUT=${quote(CHECKOUT)}`,
    `KERNEL_MODULES=${quote(modules)}`,
    `EXTRA_MODULES=(${EXTRA_MODULES.join(' ')})`,
    ...(process.env.CI === undefined ? [] : [`export CI=${quote(process.env.CI)}`]),
    ...(process.stdout.isTTY ? [] : ['export NO_COLOR=1']),
  ];
  writeFileSync(join(lane, 'settings'), `${settings.join('\n')}\n`);
  writeFileSync(join(lane, 'command'), command);
}

function vitest(files) {
  const argv = ['run', '--project', 'kernel', '--reporter=verbose', '--reporter=json'];
  argv.push('--outputFile.json=/run/kernel-lane/report.json', ...files);
  return `exec node node_modules/vitest/vitest.mjs ${argv.map(quote).join(' ')}\n`;
}

function quote(word) {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** As `startGuest`. One that stands still or goes down before it is up, as emulated machines do now and then, is started again. */
async function runGuest({ argv, lane }) {
  for (let attempt = 1; ; attempt++) {
    const reason = await startGuest(argv);
    const mayStartAgain = reason === null || reason === STOOD_STILL;
    if (!mayStartAgain || existsSync(join(lane, 'up')) || attempt === MOST_STARTS) return reason;
    console.error(`kernel lane: a guest ${reason ?? 'went down'} before it was up, and is started again`);
  }
}

/** Resolves with why the guest had to be ended, or null when it ended by itself. */
function startGuest(argv) {
  return new Promise((resolve, reject) => {
    // The guest goes with this process, however that ends.
    const qemu = spawn('setpriv', ['--pdeathsig', 'KILL', 'qemu-system-x86_64', ...argv], {
      // An input that stays open and silent: without one, QEMU takes the channel for closed and the guest's writes wait.
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let reason = null;
    const end = (why) => {
      reason ??= why;
      qemu.kill('SIGKILL');
    };
    const timer = setTimeout(() => end(`took longer than ${TIMEOUT_S} s`), TIMEOUT_S * 1000);
    let ticks = 0;
    const watch = setInterval(() => {
      const before = ticks;
      ticks = readTicks(qemu.pid);
      if (ticks < before + FEWEST_TICKS) end(STOOD_STILL);
    }, STILL_MS);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
      process.once(signal, () => end(`was ended by ${signal}`));
    createInterface({ input: qemu.stdout }).on('line', (line) => console.log(line));
    qemu.once('error', reject);
    qemu.once('close', () => {
      clearTimeout(timer);
      clearInterval(watch);
      resolve(reason);
    });
  });
}

/** Hundredths of a second that a process had of the processors, proc_pid_stat(5). */
function readTicks(pid) {
  const fields = readText(`/proc/${pid}/stat`).split(') ').at(-1)?.split(' ') ?? [];
  return Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
}

function qemuArguments({ image }, room, { lane, console: path }) {
  return [
    ...['-accel', 'tcg,thread=multi', '-cpu', 'max', '-m', '4096', '-smp', '2'],
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
    ...['-kernel', image, '-initrd', join(room, 'initramfs.cpio')],
    // On a busy machine an emulated timer is late, which the kernel would take for one that does not work.
    ...['-append', 'console=ttyS0 panic=-1 oops=panic random.trust_cpu=on no_timer_check'],
    ...['-serial', `file:${path}`],
    ...['-device', 'virtio-serial-pci', '-chardev', 'stdio,id=out,signal=off', '-device', 'virtserialport,chardev=out'],
    ...['-virtfs', 'local,path=/,mount_tag=root,security_model=passthrough,readonly=on,multidevs=remap'],
    ...['-virtfs', `local,path=${lane},mount_tag=lane,security_model=none`],
  ];
}

/** Exit status: the command's own, or 1 with the guest's last words when it did not come to an end. */
function judge(reason, { lane, console: path }) {
  const status = readText(join(lane, 'status')).trim();
  const failure = reason ?? (status === '' ? 'went down before its command ended' : null);
  const lines = readText(path).split(/\r?\n/);
  if (failure !== null || options.console)
    console.error(['--- console of the guest', ...lines.slice(-CONSOLE_LINES), '---'].join('\n'));
  if (failure === null) return Number(status);
  console.error(`kernel lane: the guest ${failure}`);
  return 1;
}

function readText(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}
