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
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const USAGE = `usage: npm run test:kernel [-- OPTION... FILE...]
Runs test files (all of the vitest project "kernel" unless some are named) on a stock Debian kernel under QEMU.
The guest's root is this machine's own: what it writes is forgotten when it ends, except in /run/kernel-lane.
  --shell COMMAND   run this in the guest instead, with bash in this checkout, and print what it says
  --report FILE     where vitest's JSON report goes
  --console         show the kernel's own messages also when nothing fails
VINET_KERNEL_TIMEOUT_S: a guest that takes longer has failed (2700)`;

const CHECKOUT = fileURLToPath(new URL('..', import.meta.url));
const GUEST = join(CHECKOUT, 'test/kernel/guest');
const KERNELS = '/var/cache/vinet/kernel';
/** What the guest needs before it has a root; modprobe tells in which order. */
const BOOT_MODULES = ['virtio_pci', 'virtio_console', '9p', '9pnet_virtio', 'overlay'];
/** What the kernel loads for nobody by itself, but tests look for. */
const EXTRA_MODULES = ['tun', 'mpls_router'];
const TIMEOUT_S = Number(process.env.VINET_KERNEL_TIMEOUT_S ?? 2700);
const CONSOLE_LINES = 60;

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
  const lane = join(room, 'lane');
  packInitramfs(kernel, room);
  furnishLane(kernel, lane);
  const reason = await runGuest(qemuArguments(kernel, room, lane));
  if (options.report !== undefined && existsSync(join(lane, 'report.json')))
    copyFileSync(join(lane, 'report.json'), options.report);
  return judge(reason, readText(join(lane, 'status')).trim(), join(room, 'console'));
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

/** The folder that host and guest share. */
function furnishLane({ modules }, lane) {
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
  writeFileSync(join(lane, 'command'), options.shell ?? vitest());
}

function vitest() {
  const argv = ['run', '--project', 'kernel', '--reporter=verbose', '--reporter=json'];
  argv.push('--outputFile.json=/run/kernel-lane/report.json', ...files);
  return `exec node node_modules/vitest/vitest.mjs ${argv.map(quote).join(' ')}\n`;
}

function quote(word) {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** Resolves with why the guest had to be ended, or null when it ended by itself. */
function runGuest(argv) {
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
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => end(`was ended by ${signal}`));
    qemu.stdout.pipe(process.stdout, { end: false });
    qemu.once('error', reject);
    qemu.once('close', () => {
      clearTimeout(timer);
      resolve(reason);
    });
  });
}

function qemuArguments({ image }, room, lane) {
  return [
    ...['-accel', 'tcg,thread=multi', '-cpu', 'max', '-m', '4096', '-smp', '2'],
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
    ...['-kernel', image, '-initrd', join(room, 'initramfs.cpio')],
    ...['-append', 'console=ttyS0 panic=-1 oops=panic random.trust_cpu=on'],
    ...['-serial', `file:${join(room, 'console')}`],
    ...['-device', 'virtio-serial-pci', '-chardev', 'stdio,id=out,signal=off', '-device', 'virtserialport,chardev=out'],
    ...['-virtfs', 'local,path=/,mount_tag=root,security_model=passthrough,readonly=on,multidevs=remap'],
    ...['-virtfs', `local,path=${lane},mount_tag=lane,security_model=none`],
  ];
}

/** Exit status: the command's own, or 1 with the guest's last words when it did not come to an end. */
function judge(reason, status, consolePath) {
  const failure = reason ?? (status === '' ? 'went down before its command ended' : null);
  const lines = readText(consolePath).split(/\r?\n/);
  if (failure !== null || options.console)
    console.error(['--- console of the guest', ...lines.slice(-CONSOLE_LINES), '---'].join('\n'));
  if (failure === null) return Number(status);
  console.error(`kernel lane: the guest ${failure}`);
  return 1;
}

function readText(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}
