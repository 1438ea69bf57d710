import type { Change, ChangeSummary } from '../model/change.ts';
import type { Emulation } from '../model/emulation.ts';
import {
  type EnvironmentFilter,
  isLinkFilter,
  type LinkState,
  type TunnelState,
} from '../model/node-state.ts';
import { remotesOf } from '../model/tunnel.ts';

/** A change in the words of dry run, log and web page. */
export function summarizeChange(change: Change): ChangeSummary {
  const { namespace } = change;
  const say = (action: ChangeSummary['action'], object: string, detail = ''): ChangeSummary => ({
    action,
    namespace,
    object,
    detail,
  });
  switch (change.kind) {
    case 'create-namespace':
      return change.vrf === null
        ? say('create', 'namespace', describeForwarding(change))
        : say('create', 'VRF', `table ${change.vrf.table} of ${change.vrf.of}`);
    case 'restore-namespace-name':
      return say('update', 'namespace', 'gets its name back');
    case 'delete-namespace':
      return say('delete', 'namespace', 'with its devices, daemons and files');
    case 'set-forwarding':
      return say('update', 'forwarding', describeForwarding(change));
    case 'create-link':
      return say('create', `link ${change.link.name}`, describeLink(change.link));
    case 'delete-link':
      return say('delete', `link ${change.name}`, change.reason);
    case 'set-link-mtu':
      return say('update', `link ${change.name}`, `MTU ${change.mtu}`);
    case 'set-link-alias':
      return say('update', `link ${change.name}`, `alias ${change.alias}`);
    case 'set-link-master':
      return say(
        'update',
        `link ${change.name}`,
        change.master === null ? 'leaves its bridge' : `port of ${change.master}`,
      );
    case 'set-link-up':
      return say('update', `link ${change.name}`, 'up');
    case 'set-link-down':
      return say('update', `link ${change.name}`, 'down');
    case 'set-emulation':
      return say('update', `link ${change.name}`, describeEmulation(change.emulation));
    case 'set-wireguard-keys':
      return say('update', `link ${change.name}`, 'gets new keys');
    case 'add-route':
      return say('create', `route ${change.route.prefix}`, `via ${change.route.via}`);
    case 'remove-route':
      return say('delete', `route ${change.route.prefix}`, `via ${change.route.via}`);
    case 'set-hosts':
      return say('update', 'hosts file', `${change.text.split('\n').length - 1} lines`);
    case 'set-filter':
      return say('update', ...summarizeFilter(change.filter));
    case 'add-gue-port':
    case 'remove-gue-port': {
      const { port, family } = change.guePort;
      return say(change.kind === 'add-gue-port' ? 'create' : 'delete', `GUE port ${port}`, `IPv${family}`);
    }
    case 'add-association':
    case 'remove-association': {
      const { source, destination, spi } = change.association;
      const object = `association ${spi.toString(16)}`;
      return say(
        change.kind === 'add-association' ? 'create' : 'delete',
        object,
        `${source} to ${destination}`,
      );
    }
    case 'set-tunnel-sources':
      return say('update', 'tunnel sources', `packets are taken from ${change.sources.length} far ends`);
    case 'set-protected-packets':
      return say('update', 'protected packets', `${change.packets.length} kinds come in ESP only`);
    case 'set-policy':
    case 'remove-policy': {
      const { direction, source, destination } = change.policy;
      const object = `policy ${direction} ${source} to ${destination}`;
      return say(change.kind === 'set-policy' ? 'update' : 'delete', object);
    }
    case 'add-remote':
      return say('create', `remote ${change.remote} of ${change.name}`);
    case 'remove-remote':
      return say('delete', `remote ${change.remote} of ${change.name}`);
    case 'add-address':
      return say('create', `address ${change.address} on ${change.name}`);
    case 'remove-address':
      return say('delete', `address ${change.address} on ${change.name}`);
    case 'set-vrf':
      return say('create', `VRF ${change.name}`, `is ${change.of}`);
    case 'remove-vrf':
      return say('delete', `VRF ${change.name}`);
    case 'start-daemon':
      return say('create', `daemon ${change.daemon}`, change.reason);
    case 'configure-daemon':
      return say(
        'update',
        `daemon ${change.daemon}`,
        change.commands.map((line) => hideSecrets(line.trim())).join('; '),
      );
    case 'stop-daemon':
      return say('delete', `daemon ${change.daemon}`);
  }
}

/** Passwords and keys are in FRR's configuration; a plan and a log are no place for them. */
export function hideSecrets(line: string): string {
  return line.replace(SECRET, '$1 …');
}

const SECRET =
  /(\bauthentication-key|\bmd5|\b(?:area|domain)-password (?:clear|md5)|\bisis password (?:clear|md5)|\bauthentication string|\bkey-string|\bhash-algo \S+ key|\bpassword) \S+/;

function describeForwarding(change: { readonly ipv4: boolean; readonly ipv6: boolean }): string {
  const families = [change.ipv4 ? 'IPv4' : '', change.ipv6 ? 'IPv6' : ''].filter((family) => family !== '');
  return families.length === 0 ? 'forwards nothing' : `forwards ${families.join(' and ')}`;
}

function describeLink(link: LinkState): string {
  const addresses = link.addresses.length === 0 ? '' : `, ${link.addresses.join(', ')}`;
  if (link.kind === 'veth') return `veth to ${link.peer.name} of ${link.peer.namespace}${addresses}`;
  if (link.kind === 'tunnel') return `${describeTunnel(link)}${addresses}`;
  return `${link.kind}${addresses}`;
}

function describeTunnel({ tunnel, transport, protections }: TunnelState): string {
  const number = 'vni' in tunnel ? ` ${tunnel.vni}` : 'key' in tunnel ? ` ${tunnel.key}` : '';
  const over = transport === null ? '' : ` over ${transport}`;
  const security = protections.length === 0 ? '' : ', with IPsec';
  return `${tunnel.kind}${number} to ${remotesOf(tunnel).join(', ')}${over}${security}`;
}

function describeEmulation(emulation: Emulation | null): string {
  if (emulation === null) return 'no emulation';
  const { delayUs, jitterUs, lossPpm, rateBps } = emulation;
  return [
    delayUs > 0 ? `delay ${delayUs / 1000} ms` : '',
    jitterUs > 0 ? `jitter ${jitterUs / 1000} ms` : '',
    lossPpm > 0 ? `loss ${lossPpm / 10_000} %` : '',
    rateBps > 0 ? `rate ${rateBps / 1_000_000} Mbit/s` : '',
  ]
    .filter((part) => part !== '')
    .join(', ');
}

function summarizeFilter(filter: EnvironmentFilter | null): [string, string] {
  if (filter === null) return ['filter', 'lets everything in'];
  if (isLinkFilter(filter)) return ['link filter', `lets in ${filter.accept.length} links`];
  return ['border filter', `forwards between ${filter.forward.length} pairs of interfaces`];
}
