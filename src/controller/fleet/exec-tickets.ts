import { randomBytes } from 'node:crypto';
import { VinetError } from '../../model/vinet-error.ts';
import type { ExecChannel } from '../../rpc/exec-channel.ts';
import type { ExecInput, ExecOutput } from '../../rpc/fleet-message.ts';

export type CommandChannel = ExecChannel<ExecInput, ExecOutput>;

/** Brings together who asked for a command and the stream that its agent opens for it. */
export interface ExecTickets {
  /** A ticket that nobody can guess, and the stream that comes with it; fails with `timeout`. */
  issue(deadlineMs: number): { ticket: string; channel: Promise<CommandChannel>; revoke(): void };
  /** Takes a stream that an agent opened; one without a ticket that is waited for is broken off. */
  redeem(channel: CommandChannel): Promise<void>;
}

const FIRST_MESSAGE_DEADLINE_MS = 10_000;

export function createExecTickets(): ExecTickets {
  const waiting = new Map<string, (channel: CommandChannel) => void>();
  return {
    issue(deadlineMs) {
      const ticket = randomBytes(16).toString('hex');
      let revoke = () => {};
      const channel = new Promise<CommandChannel>((resolve, reject) => {
        const settle = () => {
          clearTimeout(timer);
          waiting.delete(ticket);
        };
        revoke = () => {
          settle();
          reject(new VinetError('timeout', 'the agent opened no stream for the command'));
        };
        const timer = setTimeout(() => revoke(), deadlineMs);
        waiting.set(ticket, (found) => {
          settle();
          resolve(found);
        });
      });
      // Whoever revokes may never look at the channel.
      channel.catch(() => {});
      return { ticket, channel, revoke: () => revoke() };
    },
    async redeem(channel) {
      const timer = setTimeout(() => channel.abort(), FIRST_MESSAGE_DEADLINE_MS);
      const received = channel.received[Symbol.asyncIterator]();
      const first = await received.next().catch(() => null);
      clearTimeout(timer);
      const claim = first === null || first.done ? undefined : waiting.get(first.value.ticket);
      if (claim === undefined) channel.abort();
      else claim({ ...channel, received: { [Symbol.asyncIterator]: () => received } });
    },
  };
}
