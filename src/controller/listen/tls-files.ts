import { readFileSync } from 'node:fs';
import { errorText, VinetError } from '../../model/vinet-error.ts';

/** Paths of PEM files. */
export interface TlsFiles {
  readonly cert: string | null;
  readonly key: string | null;
  /** With it, agents must show a certificate that this authority signed. */
  readonly ca: string | null;
}

export interface TlsTexts {
  readonly cert: string;
  readonly key: string;
  readonly ca: string | null;
}

/** Fails with `tls-unusable`. */
export function readTlsFiles(files: TlsFiles | null): TlsTexts | null {
  if (files === null) return null;
  if (files.cert === null || files.key === null) {
    throw new VinetError('tls-unusable', 'TLS needs both a certificate and its key');
  }
  return { cert: read(files.cert), key: read(files.key), ca: files.ca === null ? null : read(files.ca) };
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new VinetError('tls-unusable', `cannot read ${file}: ${errorText(cause)}`, { cause });
  }
}
