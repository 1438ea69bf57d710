import { expect, it } from 'vitest';
import type { Kernel, Namespace } from '../../../src/agent/kernel/kernel.ts';
import { Environments } from '../../../src/agent/reconciler/environments.ts';

it('opens each namespace once, and none any more once they are closed', () => {
  const open = new Set<string>();
  const openNamespace = (name: string) => {
    expect(open.has(name)).toBe(false);
    open.add(name);
    const watch = { close: () => undefined };
    const namespace = { name, isThere: true, watchLinks: () => watch, close: () => open.delete(name) };
    return namespace as unknown as Namespace;
  };
  const kernel = { openNamespace } as unknown as Kernel;
  const environments = new Environments(kernel, { markOf: () => null }, () => undefined);
  expect(environments.find('ring_r1')).toBe(environments.find('ring_r1'));
  expect(environments.find('ring_r2')?.name).toBe('ring_r2');
  environments.close();
  expect(environments.find('ring_r1')).toBeNull();
  expect(open).toEqual(new Set());
});
