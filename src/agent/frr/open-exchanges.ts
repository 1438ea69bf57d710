import { routerOfDevice } from '../../model/names.ts';
import type { DaemonChannel } from './northbound/daemon-channel.ts';

/**
 * Lets exchanges of databases begin anew on interfaces whose OSPFv2 authentication was changed by `commands`. ospfd
 * repeats a database description just as it first sent it, with the authentication of that time, until it is
 * acknowledged: neighbours that changed in the middle of an exchange would stay in ExStart for ever.
 * @param areDevices whether VRFs are devices, whose interfaces' names say which VRF they are in
 */
export async function reopenExchanges(
  channel: Pick<DaemonChannel, 'ask'>,
  commands: readonly string[],
  timeoutMs: number,
  areDevices: boolean,
): Promise<void> {
  for (const { name, vrf: said } of reauthenticated(commands)) {
    const vrf = areDevices ? ` vrf ${routerOfDevice(name)}` : said;
    const { text } = await channel.ask(`show ip ospf${vrf} neighbor ${name}`, timeoutMs);
    if (/ (ExStart|Exchange|Loading)\//.test(text))
      await channel.ask(`clear ip ospf${vrf} interface ${name}`, timeoutMs);
  }
}

/** The interfaces, each with ` vrf NAME` where it is in one, that are told of another authentication. */
export function reauthenticated(commands: readonly string[]): { name: string; vrf: string }[] {
  const found = new Map<string, { name: string; vrf: string }>();
  let header = '';
  for (const command of commands) {
    if (!command.startsWith(' ')) header = command;
    const [, name, vrf = ''] = /^interface (\S+)( vrf \S+)?$/.exec(header) ?? [];
    if (name !== undefined && AUTHENTICATION.test(command)) found.set(header, { name, vrf });
  }
  return [...found.values()];
}

const AUTHENTICATION = /^ (no )?ip ospf (authentication|authentication-key|message-digest-key)\b/;
