import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

/** Where ip-netns(8) looks for what stands in place of /etc/hosts for a command inside a namespace. */
export function hostsFilePath(namespace: string): string {
  return `${etcFolderOf(namespace)}/hosts`;
}

/** Files for one namespace that stand over those of /etc; it may not be there. */
export function etcFolderOf(namespace: string): string {
  return `/etc/netns/${namespace}`;
}

export function hasHostsFolder(namespace: string): boolean {
  return readHostsFile(namespace) !== '';
}

/** Empty where there is none. */
export function readHostsFile(namespace: string): string {
  try {
    return readFileSync(hostsFilePath(namespace), 'utf8');
  } catch {
    return '';
  }
}

/**
 * An empty text removes it. It is written in place: a command that runs has this very file mounted over /etc/hosts
 * (ip-netns(8)), and what a crash leaves half written is seen to be other than wanted.
 */
export function writeHostsFile(namespace: string, text: string): void {
  if (text === '') {
    removeHostsFile(namespace);
    return;
  }
  mkdirSync(etcFolderOf(namespace), { recursive: true });
  writeFileSync(hostsFilePath(namespace), text);
}

export function removeHostsFile(namespace: string): void {
  rmSync(etcFolderOf(namespace), { recursive: true, force: true });
}
