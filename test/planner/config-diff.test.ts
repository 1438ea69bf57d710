import fc from 'fast-check';
import { expect, test } from 'vitest';
import { diffConfig } from '../../src/planner/config-diff.ts';

test('equal configurations need no command, whatever their comments and order', () => {
  const config = 'hostname r1\n!\ninterface r2\n ip ospf cost 5\n ip ospf area 0.0.0.0\nexit\n';
  const other = '! by hand\ninterface r2\n ip ospf area 0.0.0.0\n ip ospf cost 5\n\nhostname r1\n';
  expect(diffConfig(config, other)).toEqual([]);
});

test('a value that changed is overwritten, not removed', () => {
  expect(diffConfig('interface r2\n ip ospf cost 5\n', 'interface r2\n ip ospf cost 7\n')).toEqual([
    'interface r2',
    ' ip ospf cost 7',
    'exit',
  ]);
});

test('an area is left before another one is entered, because FRR refuses it otherwise', () => {
  const commands = diffConfig(
    'interface r2\n ip ospf area 0.0.0.1\n',
    'interface r2\n ip ospf area 0.0.0.2\n',
  );
  expect(commands.indexOf(' no ip ospf area 0.0.0.1')).toBeGreaterThan(-1);
  expect(commands.indexOf(' no ip ospf area 0.0.0.1')).toBeLessThan(
    commands.indexOf(' ip ospf area 0.0.0.2'),
  );
});

test('of an interface that is not wanted every line is taken back, for FRR keeps interfaces that exist', () => {
  expect(diffConfig('interface r2\n ip ospf area 0.0.0.0\n ip ospf cost 5\n', '')).toEqual([
    'interface r2',
    ' no ip ospf cost 5',
    ' no ip ospf area 0.0.0.0',
    'exit',
  ]);
});

test('a protocol that is not wanted is removed as a whole', () => {
  expect(diffConfig('router ospf\n ospf router-id 10.0.0.1\n', '')).toEqual(['no router ospf']);
});

test('a line that is the negation of another is taken back by saying the other', () => {
  expect(diffConfig('no ip forwarding\n', '')).toEqual(['ip forwarding']);
});

test('routes stand beside one another', () => {
  expect(
    diffConfig(
      'ip route 10.1.0.0/16 172.20.0.1 r2\nip route 10.2.0.0/16 172.20.0.1 r2\n',
      'ip route 10.2.0.0/16 172.20.0.1 r2\nip route 10.2.0.0/16 172.20.0.3 r3\n',
    ),
  ).toEqual(['no ip route 10.1.0.0/16 172.20.0.1 r2', 'ip route 10.2.0.0/16 172.20.0.3 r3']);
});

test('for any two configurations, a daemon that is given the difference holds what was wanted', () => {
  fc.assert(
    fc.property(arbitraryConfig(), arbitraryConfig(), (from, to) => {
      const daemon = new ModelDaemon();
      daemon.execute(from.split('\n'));
      daemon.execute(diffConfig(from, to));
      const fresh = new ModelDaemon();
      fresh.execute(to.split('\n'));
      expect(daemon.show()).toEqual(fresh.show());
    }),
    { numRuns: 500 },
  );
});

test('for any text at all there is a difference, and none of a text with itself', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (from, to) => {
      expect(diffConfig(from, from)).toEqual([]);
      expect(Array.isArray(diffConfig(from, to))).toBe(true);
    }),
  );
});

/** As much of a daemon's configuration mode as our templates use, written down apart from what it tests. */
class ModelDaemon {
  readonly #settings = new Map<string, string>();
  readonly #routers = new Set<string>();
  #section = '';

  execute(lines: readonly string[]): void {
    this.#section = '';
    for (const line of lines) if (line !== '') this.#executeLine(line.trim());
  }

  /** Everything that is set, as `section|setting=value`. */
  show(): string[] {
    return [...this.#settings]
      .map(([key, value]) => `${key}=${value}`)
      .concat([...this.#routers])
      .sort();
  }

  #executeLine(line: string): void {
    if (line === 'exit' || line === '!') this.#section = '';
    else if (line.startsWith('no router ')) this.#removeRouter(line.slice(3));
    else if (/^(interface|router) /.test(line)) this.#enter(line);
    else if (line.startsWith('no ')) this.#unset(line.slice(3));
    else this.#set(line);
  }

  #enter(header: string): void {
    this.#section = header;
    if (header.startsWith('router ')) this.#routers.add(header);
  }

  #removeRouter(header: string): void {
    this.#routers.delete(header);
    for (const key of this.#settings.keys()) if (key.startsWith(`${header}|`)) this.#settings.delete(key);
  }

  #set(line: string): void {
    const [setting, value] = this.#parse(line);
    const present = this.#settings.get(setting);
    if (setting.endsWith('|ip ospf area') && present !== undefined && present !== value) {
      throw new Error('Must remove previous area config before changing ospf area');
    }
    this.#settings.set(setting, value);
  }

  #unset(line: string): void {
    const [setting] = this.#parse(line);
    if (!this.#settings.delete(setting)) throw new Error(`nothing to remove: ${line}`);
  }

  #parse(line: string): [setting: string, value: string] {
    const words = line.split(' ');
    const valued = {
      hostname: 1,
      ip: words[1] === 'ospf' ? 3 : 9,
      ospf: 2,
      timers: words[2] === 'lsa' ? 4 : 3,
    };
    const nameLength = valued[words[0] as keyof typeof valued] ?? words.length;
    const name = words.slice(0, nameLength).join(' ');
    return [`${this.#section}|${name}`, words.slice(nameLength).join(' ')];
  }
}

function arbitraryConfig(): fc.Arbitrary<string> {
  const lineOf = (...variants: string[]) => fc.option(fc.constantFrom(...variants), { nil: '' });
  const section = (header: string, ...lines: fc.Arbitrary<string>[]) =>
    fc
      .tuple(fc.boolean(), ...lines)
      .map(([there, ...some]) =>
        there ? [header, ...some.filter((line) => line !== '').map((line) => ` ${line}`)].join('\n') : '',
      );
  const interfaceSection = (name: string) =>
    section(
      `interface ${name}`,
      lineOf('ip ospf area 0.0.0.0', 'ip ospf area 0.0.0.1'),
      lineOf('ip ospf network point-to-point', 'ip ospf network broadcast'),
      lineOf('ip ospf cost 1', 'ip ospf cost 20'),
      lineOf('ip ospf hello-interval 1', 'ip ospf hello-interval 10'),
      lineOf('ip ospf dead-interval 4', 'ip ospf dead-interval 40'),
      lineOf('ip ospf passive'),
    );
  const routerSection = section(
    'router ospf',
    lineOf('ospf router-id 10.0.0.1', 'ospf router-id 10.0.0.2'),
    lineOf('timers throttle spf 0 50 500', 'timers throttle spf 10 100 5000'),
    lineOf('timers throttle lsa all 0', 'timers throttle lsa all 100'),
    lineOf('timers lsa min-arrival 0', 'timers lsa min-arrival 100'),
  );
  return fc
    .tuple(
      lineOf('hostname r1', 'hostname r2'),
      lineOf('ip route 10.1.0.0/16 172.20.0.1 r2', 'ip route 10.1.0.0/16 172.20.0.3 r3'),
      lineOf('ipv6 route fd00::/16 fd01::1 r2'),
      interfaceSection('lo'),
      interfaceSection('r-2'),
      interfaceSection('lan1'),
      routerSection,
    )
    .map((parts) => `${parts.filter((part) => part !== '').join('\n!\n')}\n`);
}
