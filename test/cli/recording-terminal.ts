import type { Terminal } from '../../src/cli/terminal.ts';

/** A terminal that keeps what it is given; styles are shown as `<style:text>` when asked for. */
export function recordingTerminal(options: { interactive?: boolean; styled?: boolean } = {}) {
  const said = { out: '', err: '' };
  const terminal: Terminal = {
    interactive: options.interactive ?? false,
    columns: 80,
    write: (text) => {
      said.out += text;
    },
    tell: (text) => {
      said.err += text;
    },
    paint: (text, style) => (options.styled === true ? `<${style}:${text}>` : text),
  };
  return { terminal, said };
}
