import { spawn } from 'node:child_process';
import { inside } from './machine.ts';

const GROUP = '239.1.2.3';

/** A program in a namespace that joins a group and counts what it hears. */
export function receiveGroup(namespace: string): { heard(): number; stop(): void } {
  const program = `
const s = require('node:dgram').createSocket({ type: 'udp4', reuseAddr: true });
s.on('message', () => console.log('heard'));
s.bind(5000, () => s.addMembership('${GROUP}'));`;
  const child = spawn('ip', ['netns', 'exec', namespace, 'node', '-e', program], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let heard = 0;
  child.stdout.on('data', () => {
    heard += 1;
  });
  return { heard: () => heard, stop: () => child.kill('SIGKILL') };
}

/** One packet to the group. */
export function sendToGroup(namespace: string): void {
  const program = `
const s = require('node:dgram').createSocket('udp4');
s.bind(0, () => { s.setMulticastTTL(16); s.send('hallo', 5000, '${GROUP}', () => s.close()); });`;
  inside(namespace, 'node', '-e', program);
}
