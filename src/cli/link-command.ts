import { type Command, Option } from 'commander';
import type { LinkEdit } from '../model/overlay.ts';
import { withClient, withClientOptions } from './client-options.ts';
import type { ClientFlags } from './client-settings.ts';
import type { CommandContext } from './command-context.ts';
import { runLink } from './link.ts';
import { readUnit } from './option-values.ts';

interface LinkFlags {
  readonly down?: true;
  readonly up?: true;
  readonly clear?: true;
  readonly delay?: string;
  readonly jitter?: string;
  readonly loss?: string;
  readonly rate?: string;
  readonly from?: string;
  readonly dryRun?: true;
}

/** Cuts, mends and worsens one link of a running overlay. */
export function addLink(program: Command, context: CommandContext): void {
  const command = program
    .command('link')
    .description(
      'change one link of an overlay as if its file said so: cut it, mend it, make it worse or better',
    )
    .argument('<overlay>', 'of which overlay')
    .argument('<link...>', 'its two ends, or its name')
    .addOption(new Option('--down', 'cut it').conflicts('up'))
    .addOption(new Option('--up', 'mend it'))
    .addOption(delayOption('--delay', 'how long each packet takes more, such as 20ms'))
    .addOption(delayOption('--jitter', 'how much that varies, such as 2ms'))
    .addOption(
      new Option('--loss <percentage>', 'how many packets are lost, such as 0.5%').argParser(
        readUnit(/^[0-9]+(\.[0-9]+)?%$/, '0.5%'),
      ),
    )
    .addOption(
      new Option('--rate <rate>', 'how much it carries in a second, such as 100mbit').argParser(
        readUnit(/^[0-9]+(\.[0-9]+)?(bit|kbit|mbit|gbit)$/, '100mbit'),
      ),
    )
    .addOption(
      new Option('--clear', 'nothing of these any more').conflicts(['delay', 'jitter', 'loss', 'rate']),
    )
    .addOption(new Option('--from <member>', 'only in the packets that this end sends'))
    .addOption(new Option('--dry-run', 'only show what would change').env('VINET_DRY_RUN'));
  withClientOptions(command).action(
    async (overlay: string, link: string[], flags: ClientFlags & LinkFlags) => {
      if (link.length > 2) command.error('error: a link has two ends, or one name');
      const edit = readEdit(flags);
      if (Object.keys(edit).length === 0) command.error('error: say what is to change, such as --down');
      if (edit.from !== undefined && edit.emulate === undefined) {
        command.error('error: --from needs --delay, --jitter, --loss, --rate or --clear');
      }
      await withClient(context, flags, (client) =>
        runLink(client, { overlay, link, edit, dryRun: flags.dryRun === true }, context.terminal),
      );
    },
  );
}

function delayOption(flag: string, description: string): Option {
  return new Option(`${flag} <duration>`, description).argParser(
    readUnit(/^[0-9]+(\.[0-9]+)?(us|ms|s|m)$/, '20ms'),
  );
}

function readEdit({ down, up, clear, delay, jitter, loss, rate, from }: LinkFlags): LinkEdit {
  const worse = Object.entries({ delay, jitter, loss, rate }).filter(([, value]) => value !== undefined);
  return {
    ...(down === true ? { down: true } : up === true ? { down: false } : {}),
    ...(clear === true ? { emulate: null } : worse.length > 0 ? { emulate: Object.fromEntries(worse) } : {}),
    ...(from === undefined ? {} : { from }),
  };
}
