import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

/** Laws of the code base that neither compiler nor linter knows. Each names every file that breaks it. */

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SOURCES = readSources(join(ROOT, 'src'));

/** What a room may import besides itself; `agent/kernel` is a room within a room. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  model: [],
  planner: ['model'],
  rpc: ['model'],
  agent: ['model', 'planner', 'rpc'],
  controller: ['model', 'planner', 'rpc'],
  cli: ['model'],
  web: ['model'],
  lab: ['model', 'cli', 'agent/kernel'],
};

/** Reads the product's version from package.json, the one place where it is written. */
const OWN_VERSION = 'model/version.ts';

describe('the rooms', () => {
  test('import only from the rooms that they may know', () => {
    const strangers = SOURCES.filter(({ path }) => path.includes('/')).flatMap(({ path, imports }) =>
      imports
        .filter((imported) => imported.startsWith('.'))
        .map((imported) => join(path, '..', imported))
        .filter((target) => !mayImport(path, target))
        .map((target) => `${path} imports ${target}`),
    );
    expect(strangers).toEqual([]);
  });

  test('are all known to this law', () => {
    const rooms = readdirSync(join(ROOT, 'src'), { withFileTypes: true }).filter((entry) =>
      entry.isDirectory(),
    );
    expect(rooms.map((room) => room.name).filter((name) => MAY_IMPORT[name] === undefined)).toEqual([]);
  });

  test('leave gRPC schemas to rpc', () => {
    const loaders = SOURCES.filter(({ imports }) => imports.includes('@grpc/proto-loader'));
    expect(loaders.map(({ path }) => path).filter((path) => !path.startsWith('rpc/'))).toEqual([]);
  });

  test('keep the planner and the model away from the outer world', () => {
    const effects =
      /^node:(?!net$|buffer$|util$|crypto$)|^(?:pino|fastify|netlink|koffi|libsql|commander|@grpc\/)/;
    const pure = SOURCES.filter(({ path }) => /^(?:model|planner)\//.test(path) && path !== OWN_VERSION);
    const impure = pure.flatMap(({ path, text, imports }) => [
      ...imports
        .filter((imported) => effects.test(imported))
        .map((imported) => `${path} imports ${imported}`),
      ...(/\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\brandom(?:Bytes|Int|UUID)\b|\bgenerateKey|\bprocess\.|\bsetTimeout\(/.test(
        text,
      )
        ? [path]
        : []),
    ]);
    expect(impure).toEqual([]);
  });
});

describe('the picture of the rooms in the README', () => {
  const drawn = readPicture();

  test('draws only folders that there are', () => {
    expect(drawn.length).toBeGreaterThan(0);
    expect(drawn.filter((folder) => !existsSync(join(ROOT, folder)))).toEqual([]);
  });

  test('draws every folder of the sources', () => {
    const folders = readdirSync(join(ROOT, 'src'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)));
    expect(folders.filter((folder) => !drawn.includes(folder))).toEqual([]);
  });
});

describe('a source file', () => {
  test('has at most 300 lines', () => {
    const long = SOURCES.map(({ path, text }) => ({ path, lines: text.trimEnd().split('\n').length }));
    expect(long.filter(({ lines }) => lines > 300)).toEqual([]);
  });

  test('is a kebab-case noun that says what it holds', () => {
    const names = SOURCES.map(({ path }) => path).filter(
      (path) =>
        !/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*\.ts$/.test(basename(path)) ||
        /util|helper|common|manager|\bmisc\b|\bindex\.ts/.test(path),
    );
    expect(names).toEqual([]);
  });

  test('passes on nothing of another file', () => {
    const barrels = SOURCES.filter(({ text }) => /^export (?:type )?(?:\*|\{[^}]*\}).* from /m.test(text));
    expect(barrels.map(({ path }) => path)).toEqual([]);
  });

  /**
   * nft is nftables' own way in, by its JSON interface; `protocol: 'ip'` is a word of that. A command is put into a VRF by
   * a program that the kernel is given, which ip-vrf(8) has.
   */
  test('starts no shell, and nft and ip in one place each only', () => {
    const command = /(['"`])(?:\/(?:usr\/)?s?bin\/)?(?:ip|tc|nft|sh|bash)\1|\bshell: true|\bexec(?:Sync)?\(/;
    const started = SOURCES.filter(({ path }) => !path.startsWith('cli/')).flatMap(({ path, text }) =>
      text
        .split('\n')
        .filter((line) => command.test(line.replace(/\.exec\(|protocol: 'ip'/g, '')))
        .map((line) => `${path}: ${line.trim()}`),
    );
    expect(started).toEqual([
      "agent/kernel/nft.ts: export const NFT = '/usr/sbin/nft';",
      "agent/kernel/vrf-commands.ts: const child = start('ip', ['vrf', 'exec', device, command, ...argv]);",
    ]);
  });
});

describe('package-lock.json', () => {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<
      string,
      { version?: string; resolved?: string; optionalDependencies?: Record<string, string> }
    >;
  };

  test('names no registry', () => {
    expect(Object.keys(packages).filter((path) => packages[path]?.resolved !== undefined)).toEqual([]);
  });

  test('knows the optional packages of every platform, without which npm ci refuses it', () => {
    const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter(
        (name) =>
          (packages[`${path}/node_modules/${name}`] ?? packages[`node_modules/${name}`])?.version ===
          undefined,
      ),
    );
    expect(missing).toEqual([]);
  });
});

interface Source {
  /** Below src. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly string[];
}

function readSources(folder: string): Source[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => {
      const file = join(entry.parentPath, entry.name);
      const text = readFileSync(file, 'utf8');
      const imports = [
        ...text.matchAll(/^(?:import|export)\b[^'"=(]*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm),
      ];
      return {
        path: relative(folder, file),
        text,
        imports: imports.map(([, named, lazy]) => named ?? lazy ?? ''),
      };
    });
}

/** Folders of the drawing that begins with proto/: two spaces deeper is one folder deeper. */
function readPicture(): string[] {
  const drawing = /^```\n(proto\/[^`]*)^```/m.exec(readFileSync(join(ROOT, 'README.md'), 'utf8'))?.[1] ?? '';
  const parents: string[] = [];
  return [...drawing.matchAll(/^( *)(\S+)\//gm)].map(([, indent = '', name = '']) => {
    parents.splice(indent.length / 2, Number.POSITIVE_INFINITY, name);
    return parents.join('/');
  });
}

function mayImport(importer: string, target: string): boolean {
  const room = importer.split('/')[0] ?? '';
  return [room, ...(MAY_IMPORT[room] ?? [])].some((allowed) => target.startsWith(`${allowed}/`));
}
