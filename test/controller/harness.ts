import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { type ControllerOptions, type RunningController, runController } from '../../src/controller/main.ts';
import { FakeAgent, type FakeAgentOptions } from './fake-agent.ts';

/** A real controller on a port and a socket of its own, with fake agents. */
export class Harness {
  readonly folder = mkdtempSync(join(tmpdir(), 'vinet-controller-'));
  readonly agents: FakeAgent[] = [];
  #controller: RunningController | null = null;

  async start(options: Partial<ControllerOptions> = {}): Promise<void> {
    this.#controller = await runController({
      stateDirectory: join(this.folder, 'state'),
      restListen: '127.0.0.1:0',
      grpcListen: `unix:${this.folder}/fleet.sock`,
      prepareDeadlineMs: 1_000,
      logLevel: 'silent',
      ...options,
    });
  }

  get url(): string {
    return `http://${this.#controller?.restAddress}`;
  }

  get grpcAddress(): string {
    return this.#controller?.grpcAddress ?? '';
  }

  get token(): string {
    return readFileSync(join(this.folder, 'state', 'token'), 'utf8').trim();
  }

  async stop(): Promise<void> {
    await this.#controller?.close();
    this.#controller = null;
  }

  async end(): Promise<void> {
    for (const agent of this.agents) agent.session.close();
    await this.stop();
    await Promise.all(this.agents.map(({ session }) => session.closed));
    rmSync(this.folder, { recursive: true });
  }

  /** An agent that may or may not become welcome. */
  dial(name: string, options: Partial<FakeAgentOptions> = {}): FakeAgent {
    const agent = new FakeAgent({ address: this.grpcAddress, name, ...options });
    this.agents.push(agent);
    return agent;
  }

  async join(name: string, options: Partial<FakeAgentOptions> = {}): Promise<FakeAgent> {
    const agent = this.dial(name, options);
    await eventually(() => {
      if (!agent.welcomed || agent.states.length === 0) throw new Error(`${name} is not welcome yet`);
    });
    return agent;
  }

  async leave(agent: FakeAgent, name: string): Promise<void> {
    await agent.close();
    await eventually(async () => {
      const { nodes } = (await this.get('/v1/nodes')).body;
      if (nodes.find((node: { name: string }) => node.name === name).connected)
        throw new Error('still there');
    });
  }

  async get(path: string) {
    return await this.send('GET', path);
  }

  async apply(document: string, query = '') {
    return await this.send('POST', `/v1/apply${query}`, document, 'application/yaml');
  }

  async send(
    method: string,
    path: string,
    body?: string | Uint8Array,
    contentType = 'application/json',
    headers: Record<string, string> = { authorization: `Bearer ${this.token}` },
  ) {
    const response = await fetch(this.url + path, {
      method,
      headers: body === undefined ? headers : { ...headers, 'content-type': contentType },
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    const json = response.headers.get('content-type')?.startsWith('application/json') ?? false;
    return { status: response.status, headers: response.headers, text, body: json ? JSON.parse(text) : null };
  }

  /** Resolves once the overlay's summary is as wanted. */
  async overlay(name: string, wanted: Record<string, unknown>) {
    return await eventually(async () => {
      const { body } = await this.get(`/v1/overlays/${name}`);
      for (const [key, value] of Object.entries(wanted)) {
        if (body[key] !== value) throw new Error(`${key} is ${body[key]}, not ${value}: ${body.message}`);
      }
      return body;
    });
  }
}

export async function eventually<T>(check: () => T | Promise<T>): Promise<T> {
  return await vi.waitFor(check, { timeout: 15_000, interval: 15 });
}

export function ring(name: string, routers: number, nodes: readonly string[]): string {
  return `apiVersion: vinet/v1
kind: Overlay
metadata: { name: ${name} }
spec:
  topology: { kind: ring, routers: ${routers} }
  placement: { nodes: [${nodes.join(', ')}] }
`;
}

/** A line of two routers that rides on members of another overlay. */
export function rider(name: string, base: string, members: readonly string[]): string {
  return `apiVersion: vinet/v1
kind: Overlay
metadata: { name: ${name} }
spec:
  topology: { kind: line, routers: 2 }
  placement: { nodes: [${members.join(', ')}] }
  underlay: { overlays: [${base}] }
`;
}
