import { fileURLToPath } from 'node:url';
import type { ChannelOptions, MethodDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import {
  type AgentMessage,
  type ControllerMessage,
  decodeAgentMessage,
  decodeControllerMessage,
  decodeExecInput,
  decodeExecOutput,
  type ExecInput,
  type ExecOutput,
  encodeAgentMessage,
  encodeControllerMessage,
  encodeExecInput,
  encodeExecOutput,
} from './fleet-message.ts';
import type { WireAgentMessage, WireControllerMessage, WireExecInput, WireExecOutput } from './wire.ts';

/** vinet.v1.Fleet with model values at both ends: gRPC's streams carry them, never wire messages. */
export interface FleetService {
  readonly Join: MethodDefinition<AgentMessage, ControllerMessage>;
  readonly Attach: MethodDefinition<ExecOutput, ExecInput>;
}

/**
 * Loads the contract from the package's own folder, which is two levels above both `src/rpc` and `dist/rpc`.
 * A message that does not fit fails its stream with status INTERNAL and the decoder's words.
 */
export function loadFleetService(): FleetService {
  const proto = fileURLToPath(new URL('../../proto/vinet/v1/fleet.proto', import.meta.url));
  const service = loadSync(proto, { longs: Number, defaults: true, arrays: true, oneofs: true })[
    'vinet.v1.Fleet'
  ] as unknown as {
    Join: MethodDefinition<WireAgentMessage, WireControllerMessage>;
    Attach: MethodDefinition<WireExecOutput, WireExecInput>;
  };
  const { Join, Attach } = service;
  return {
    Join: {
      ...Join,
      requestSerialize: (message) => Join.requestSerialize(encodeAgentMessage(message)),
      requestDeserialize: (bytes) => decodeAgentMessage(Join.requestDeserialize(bytes)),
      responseSerialize: (message) => Join.responseSerialize(encodeControllerMessage(message)),
      responseDeserialize: (bytes) => decodeControllerMessage(Join.responseDeserialize(bytes)),
    },
    Attach: {
      ...Attach,
      requestSerialize: (output) => Attach.requestSerialize(encodeExecOutput(output)),
      requestDeserialize: (bytes) => decodeExecOutput(Attach.requestDeserialize(bytes)),
      responseSerialize: (input) => Attach.responseSerialize(encodeExecInput(input)),
      responseDeserialize: (bytes) => decodeExecInput(Attach.responseDeserialize(bytes)),
    },
  };
}

const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

/** Of both ends. A peer that is frozen or cut off is noticed after time + timeout, ten seconds. */
export const CHANNEL_OPTIONS: ChannelOptions = {
  'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
  'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
  'grpc.keepalive_time_ms': 5_000,
  'grpc.keepalive_timeout_ms': 5_000,
  'grpc.keepalive_permit_without_calls': 1,
};
