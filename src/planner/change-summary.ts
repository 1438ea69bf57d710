import type { Change, ChangeSummary } from '../model/change.ts';
import type { LinkState } from '../model/node-state.ts';

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
      return say('create', 'namespace', describeForwarding(change));
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
    case 'add-remote':
      return say('create', `remote ${change.remote} of ${change.name}`);
    case 'remove-remote':
      return say('delete', `remote ${change.remote} of ${change.name}`);
    case 'add-address':
      return say('create', `address ${change.address} on ${change.name}`);
    case 'remove-address':
      return say('delete', `address ${change.address} on ${change.name}`);
    case 'start-daemon':
      return say('create', `daemon ${change.daemon}`, change.reason);
    case 'configure-daemon':
      return say('update', `daemon ${change.daemon}`, change.commands.map((line) => line.trim()).join('; '));
    case 'stop-daemon':
      return say('delete', `daemon ${change.daemon}`);
  }
}

function describeForwarding(change: { readonly ipv4: boolean; readonly ipv6: boolean }): string {
  const families = [change.ipv4 ? 'IPv4' : '', change.ipv6 ? 'IPv6' : ''].filter((family) => family !== '');
  return families.length === 0 ? 'forwards nothing' : `forwards ${families.join(' and ')}`;
}

function describeLink(link: LinkState): string {
  const addresses = link.addresses.length === 0 ? '' : `, ${link.addresses.join(', ')}`;
  if (link.kind === 'veth') return `veth to ${link.peer.name} of ${link.peer.namespace}${addresses}`;
  if (link.kind === 'vxlan') return `vxlan ${link.vni} to ${link.remotes.join(', ')}${addresses}`;
  return `${link.kind}${addresses}`;
}
