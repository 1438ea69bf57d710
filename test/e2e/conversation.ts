import { spawn } from 'node:child_process';
import { inside, until } from '../machine.ts';

const PORT = 7008;
/** Answers that show that a connection is in use. */
const ANSWERS = 25;

/** One TCP connection whose ends talk by turns until it is stopped. */
export interface Conversation {
  /** Resolves when some more was said and answered; fails when the connection is broken. */
  goesOn(): Promise<void>;
  stop(): Promise<void>;
}

const ANSWERER = `require('node:net').createServer((socket) => socket.pipe(socket)).listen(${PORT})`;
const ASKER = `
  let answers = 0;
  const socket = require('node:net').connect(${PORT}, process.argv[1], () => socket.write('x'));
  socket.on('data', () => {
    process.stdout.write(++answers + '\\n');
    setTimeout(() => socket.write('x'), 20);
  });
  socket.on('error', (error) => { process.stdout.write(error.message + '\\n'); process.exit(1); });
  socket.on('close', () => process.exit(1));`;

export async function startConversation(from: string, to: string, address: string): Promise<Conversation> {
  const answerer = spawn('ip', ['netns', 'exec', to, process.execPath, '-e', ANSWERER], { stdio: 'ignore' });
  await until(
    () => (inside(to, 'ss', '-Htln', `sport = :${PORT}`) ?? '') !== '',
    () => `somebody listens in ${to}`,
  );
  const asker = spawn('ip', ['netns', 'exec', from, process.execPath, '-e', ASKER, address], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const children = [asker, answerer];
  const ended = Promise.all(children.map((child) => new Promise((resolve) => child.once('close', resolve))));
  let last = '0';
  asker.stdout.setEncoding('utf8').on('data', (text: string) => {
    last = text.trim().split('\n').at(-1) ?? last;
  });
  const conversation: Conversation = {
    async goesOn() {
      const before = Number(last);
      await until(
        () => {
          if (asker.exitCode !== null) throw new Error(`the connection broke: ${last}`);
          return Number(last) >= before + ANSWERS;
        },
        () => `more than ${last} answers`,
      );
    },
    async stop() {
      for (const child of children) child.kill('SIGKILL');
      await ended;
    },
  };
  await conversation.goesOn();
  return conversation;
}
