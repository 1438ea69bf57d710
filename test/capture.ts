import { spawn } from 'node:child_process';
import { type Header, type PortMeaning, readEthernet } from './packet.ts';

/** What went over an interface of a namespace while the capture was on; Ethernet interfaces only. */
export interface Capture {
  /** Those that tcpdump has handed on so far; the last ones may still be on their way. */
  packets(): Header[][];
  /** The same as bytes, the first 256 of each. */
  frames(): Buffer[];
  stop(): Promise<Header[][]>;
}

/**
 * Starts tcpdump(8) and resolves once it listens.
 * @param meaning of UDP ports besides those of VXLAN and Geneve
 */
export function startCapture(
  namespace: string,
  device: string,
  options: { readonly filter?: string; readonly meaning?: PortMeaning } = {},
): Promise<Capture> {
  const { filter = '', meaning } = options;
  const argv = [
    'netns',
    'exec',
    namespace,
    'tcpdump',
    '-i',
    device,
    '-n',
    '-U',
    '--immediate-mode',
    '-s',
    '256',
    '-w',
    '-',
  ];
  const child = spawn('ip', filter === '' ? argv : [...argv, ...filter.split(' ')], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (data: Buffer) => chunks.push(data));
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  return new Promise((resolve, reject) => {
    let complaint = '';
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`tcpdump: ${complaint}`)));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint += text;
      if (!complaint.includes('listening on')) return;
      const frames = () => framesOf(Buffer.concat(chunks));
      const packets = () => frames().map((frame) => readEthernet(frame, meaning));
      resolve({
        frames,
        packets,
        async stop() {
          child.kill('SIGINT');
          await closed;
          return packets();
        },
      });
    });
  });
}

const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;

/** Frames of a file of pcap(3PCAP) in the machine's byte order. */
function framesOf(file: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  let at = FILE_HEADER_BYTES;
  while (at + RECORD_HEADER_BYTES <= file.length) {
    const length = file.readUInt32LE(at + 8);
    frames.push(file.subarray(at + RECORD_HEADER_BYTES, at + RECORD_HEADER_BYTES + length));
    at += RECORD_HEADER_BYTES + length;
  }
  return frames;
}
