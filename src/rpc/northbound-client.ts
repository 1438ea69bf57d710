import { type ClientHttp2Session, connect } from 'node:http2';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { loadSync } from '@grpc/proto-loader';
import { VinetError } from '../model/vinet-error.ts';
import type { YangEdit } from '../model/yang-edit.ts';
import { type CallOutcome, callGrpc, STATUS } from './grpc-call.ts';

/**
 * One connection to one daemon's northbound (proto/frr/northbound.proto), which asks nobody who they are. Every call
 * fails with `rejected` and FRR's words, `timeout`, `not-running` or `protocol`.
 */
export class NorthboundClient {
  readonly #methods: NorthboundMethods;
  readonly #session: ClientHttp2Session;
  readonly #timeoutMs: number;

  /**
   * @param socket on its way to the daemon, owned by the client from now on
   * @param timeoutMs for each call
   */
  constructor(methods: NorthboundMethods, socket: Socket, timeoutMs: number) {
    this.#methods = methods;
    this.#timeoutMs = timeoutMs;
    this.#session = connect('http://127.0.0.1', { createConnection: () => socket });
    // Whoever waits for an answer is told by the call.
    this.#session.on('error', () => undefined);
  }

  /** FRR's release, such as `8.4.4`, and the names of the YANG modules that the daemon knows. */
  async readCapabilities(): Promise<{ version: string; modules: string[] }> {
    const [answer] = await this.#call('GetCapabilities', {});
    const { frrVersion = '', supportedModules = [] } = answer ?? {};
    return { version: frrVersion, modules: supportedModules.map(({ name }) => name) };
  }

  /** What the daemon holds below a path of YANG, as JSON of RFC 7951. */
  async read(what: 'CONFIG' | 'STATE', path: string): Promise<string> {
    const [answer] = await this.#call('Get', { type: what, encoding: 'JSON', path: [path] });
    return answer?.data?.data ?? '';
  }

  /** Carries out all edits in one transaction, or none. To delete what is not there is success. */
  async commit(edits: readonly YangEdit[]): Promise<void> {
    const [created] = await this.#call('CreateCandidate', {});
    const candidateId = created?.candidateId ?? 0;
    try {
      await this.#delete(
        candidateId,
        edits.filter(({ value }) => value === null),
      );
      const update = edits.filter(({ value }) => value !== null);
      if (update.length > 0) await this.#call('EditCandidate', { candidateId, update });
      await this.#call('Commit', { candidateId, phase: 'ALL', comment: '' }, [STATUS.aborted]);
    } finally {
      await this.#call('DeleteCandidate', { candidateId }).catch(() => undefined);
    }
  }

  close(): void {
    this.#session.destroy();
  }

  async #delete(candidateId: number, gone: readonly YangEdit[]): Promise<void> {
    if (gone.length === 0) return;
    const { status } = await this.#exchange('EditCandidate', { candidateId, delete: gone });
    if (status === STATUS.ok) return;
    // One of them is not there, so none of them was deleted.
    for (const edit of gone)
      await this.#call('EditCandidate', { candidateId, delete: [edit] }, [STATUS.invalidArgument]);
  }

  /** @param harmless outcomes that are success too */
  async #call(name: MethodName, request: object, harmless: readonly number[] = []): Promise<Answer[]> {
    const { status, words, messages } = await this.#exchange(name, request);
    if (status !== STATUS.ok && !harmless.includes(status))
      throw new VinetError(
        'rejected',
        words === '' ? `${name} failed with status ${status}` : words.replace(/\s+/g, ' '),
      );
    return messages.map((message) => decodeAnswer(this.#methods[name], message));
  }

  #exchange(name: MethodName, request: object): Promise<CallOutcome> {
    const { path, requestSerialize } = this.#methods[name];
    return callGrpc(this.#session, path, requestSerialize(request), this.#timeoutMs);
  }
}

type MethodName =
  | ('GetCapabilities' | 'Get' | 'CreateCandidate' | 'DeleteCandidate')
  | ('EditCandidate' | 'Commit');

export type NorthboundMethods = Readonly<Record<MethodName, NorthboundMethod>>;

/** Loads the description from the package's own folder, two levels above both `src/rpc` and `dist/rpc`. */
export function loadNorthbound(): NorthboundMethods {
  const proto = fileURLToPath(new URL('../../proto/frr/northbound.proto', import.meta.url));
  const options = { longs: Number, enums: String, defaults: true, arrays: true };
  return loadSync(proto, options)['frr.Northbound'] as unknown as NorthboundMethods;
}

/** What of the answers is read; every field is there in those that have it. */
interface Answer {
  readonly frrVersion?: string;
  readonly supportedModules?: readonly { readonly name: string }[];
  readonly data?: { readonly data: string } | null;
  readonly candidateId?: number;
}

interface NorthboundMethod {
  readonly path: string;
  readonly requestSerialize: (request: object) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => Answer;
}

function decodeAnswer({ path, responseDeserialize }: NorthboundMethod, message: Buffer): Answer {
  try {
    return responseDeserialize(message);
  } catch (error) {
    throw new VinetError('protocol', `the answer to ${path} is none`, { cause: error });
  }
}
