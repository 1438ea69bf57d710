import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readArgv, readFolder } from '../machine.ts';

const PROGRAM = join(import.meta.dirname, '../../bin/vinet');

export interface CommandResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A lab of its own beside whatever else runs on the machine, driven as a person drives it. */
export class TestLab {
  readonly name: string;
  readonly directory: string;
  readonly nodes: number;
  private readonly files: string;

  constructor(name: string, nodes: number) {
    this.name = name;
    this.nodes = nodes;
    this.files = mkdtempSync(join(tmpdir(), 'vinet-e2e-'));
    this.directory = join(this.files, 'lab');
  }

  async up(): Promise<void> {
    succeed(await this.vinet('lab', 'up', '--nodes', String(this.nodes)));
  }

  async down(): Promise<void> {
    try {
      succeed(await this.vinet('lab', 'down'));
    } finally {
      rmSync(this.files, { recursive: true, force: true });
    }
  }

  /** Runs the command line against this lab. */
  vinet(...argv: string[]): Promise<CommandResult> {
    const env = {
      ...process.env,
      VINET_LAB_NAME: this.name,
      VINET_LAB_DIR: this.directory,
      NO_COLOR: '1',
      HOME: this.files,
    };
    return new Promise((resolve) => {
      execFile(PROGRAM, argv, { env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
        const status = error === null ? 0 : typeof error.code === 'number' ? error.code : 255;
        resolve({ status, stdout, stderr });
      }).stdin?.end();
    });
  }

  /** A file with this text, for `-f`. */
  write(name: string, text: string | Uint8Array): string {
    const path = join(this.files, name);
    writeFileSync(path, text);
    return path;
  }

  async json<T>(...argv: string[]): Promise<T> {
    return JSON.parse(succeed(await this.vinet(...argv, '-o', 'json'))) as T;
  }

  /** Process id of `controller` or of a node's agent, by its command line; 0 when it does not run. */
  pidOf(part: string): number {
    const mark = `--state-directory=${join(this.directory, part)}`;
    for (const entry of readFolder('/proc'))
      if (/^\d+$/.test(entry) && readArgv(Number(entry)).includes(mark)) return Number(entry);
    return 0;
  }
}

/** The output of a command that must succeed. */
export function succeed(result: CommandResult): string {
  if (result.status !== 0) throw new Error(`status ${result.status}: ${result.stderr}${result.stdout}`);
  return result.stdout;
}

export function ringFile(name: string, routers: number, more = ''): string {
  return `apiVersion: vinet/v1
kind: Overlay
metadata: { name: ${name} }
spec:
  topology: { kind: ring, routers: ${routers}${more} }
  placement: { nodes: [n1, n2, n3] }
  addressing: { network: 10.20.0.0/16 }
`;
}
