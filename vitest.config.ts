import { defineConfig } from 'vitest/config';

/** Tests of the lane `root` that the lane `kernel` repeats: those of what differs from kernel to kernel. */
const ON_BOTH_KERNELS = [
  'test/agent/kernel/{emulation,kernel-features,link-filter,links,own-routes}.root.test.ts',
  'test/agent/kernel/{security-policies,tunnel-guard}.root.test.ts',
];

/** Tests of the lane `root` that the lane `grpc` repeats: of what is told to FRR. */
const BOTH_WAYS = [
  'test/agent/frr/northbound/channel.root.test.ts',
  'test/agent/{shared-frr,routing-features}.root.test.ts',
];

/**
 * Lanes are vitest projects. `plain` needs nothing; `root` uses this machine's kernel and FRR; `kernel` is run on a
 * stock Debian kernel by scripts/kernel-lane.mjs; `grpc` needs FRR's gRPC module, which scripts/frr-grpc.sh builds,
 * and is no part of `npm test`; `e2e` runs a whole lab. Root and e2e share the machine's namespaces, so their files run one after another.
 */
export default defineConfig({
  test: {
    experimental: { fsModuleCache: true },
    projects: [
      {
        test: {
          name: 'plain',
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.{root,kernel,grpc}.test.ts', 'test/e2e/**'],
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'root',
          include: ['test/**/*.root.test.ts'],
          exclude: ['test/e2e/**'],
          pool: 'forks',
          fileParallelism: false,
          testTimeout: 240_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'kernel',
          include: ['test/**/*.kernel.test.ts', ...ON_BOTH_KERNELS],
          pool: 'forks',
          fileParallelism: false,
          isolate: false,
          testTimeout: 240_000,
          hookTimeout: 240_000,
        },
      },
      {
        test: {
          name: 'grpc',
          include: ['test/**/*.grpc.test.ts', ...BOTH_WAYS],
          env: { VINET_TEST_FRR_MODULES: '/var/cache/vinet/frr-grpc/installed' },
          pool: 'forks',
          fileParallelism: false,
          testTimeout: 240_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          pool: 'forks',
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
