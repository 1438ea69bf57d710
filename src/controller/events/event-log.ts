import type { VinetEvent } from '../../model/status.ts';

/**
 * What happened lately, in memory: the last events with growing numbers. It does not survive the controller;
 * what has to be known for ever is in the store, and how things are now is in the status.
 */
export interface EventLog {
  add(event: Omit<VinetEvent, 'id' | 'time'> & { readonly time?: string }): VinetEvent;
  /** Events with a higher number than `since`, oldest first; only those of the overlay unless that is null. */
  list(since: number, overlay: string | null): VinetEvent[];
  /** Calls back for each event added from now on. */
  follow(onEvent: (event: VinetEvent) => void): { close(): void };
}

const CAPACITY = 10_000;

/**
 * `firstId` continues the numbers of a log that a restart ended: the time in milliseconds is above all
 * numbers that an earlier log of this controller can have reached, so `Last-Event-ID` stays meaningful.
 */
export function createEventLog(firstId: number = Date.now(), capacity: number = CAPACITY): EventLog {
  const events: VinetEvent[] = [];
  const followers = new Set<(event: VinetEvent) => void>();
  let nextId = firstId;
  return {
    add(event) {
      const numbered = { ...event, id: nextId, time: event.time ?? new Date().toISOString() };
      nextId += 1;
      events.push(numbered);
      // Dropped a tenth at a time, for shifting an array by one moves all of it.
      if (events.length > capacity * 1.1) events.splice(0, events.length - capacity);
      for (const follower of followers) follower(numbered);
      return numbered;
    },
    list(since, overlay) {
      const kept = events.slice(-capacity);
      return kept.filter((event) => event.id > since && (overlay === null || event.overlay === overlay));
    },
    follow(onEvent) {
      followers.add(onEvent);
      return { close: () => void followers.delete(onEvent) };
    },
  };
}
