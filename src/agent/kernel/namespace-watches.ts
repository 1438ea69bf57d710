import { ChangeListener } from './change-listener.ts';
import { openNetlinkSocket } from './netlink-socket.ts';
import type { NetworkThread } from './network-thread.ts';
import { isOfMain, isUnicast } from './route-message.ts';
import * as rt from './rtnetlink.ts';
import { NETLINK_XFRM, XFRMNLGRP_POLICY, XFRMNLGRP_SA } from './xfrm.ts';

/** What the kernel tells of changes in one namespace, by what they are of. */
export class NamespaceWatches {
  readonly links: ChangeListener;
  readonly routes: ChangeListener;
  /** Of all tables but the main one. */
  readonly vrfRoutes: ChangeListener;
  readonly security: ChangeListener;

  /** @param fd of the namespace; asked for when a watch begins */
  constructor(thread: NetworkThread, fd: () => number) {
    this.links = new ChangeListener(() => openNetlinkSocket(thread, fd(), LINK_GROUPS));
    this.routes = new ChangeListener(
      () => openNetlinkSocket(thread, fd(), ROUTE_GROUPS),
      (buffer, _type, start, end) => isUnicast(buffer, start, end) && isOfMain(buffer, start),
    );
    this.vrfRoutes = new ChangeListener(
      () => openNetlinkSocket(thread, fd(), ROUTE_GROUPS),
      (buffer, _type, start, end) => isUnicast(buffer, start, end) && !isOfMain(buffer, start),
    );
    this.security = new ChangeListener(() => openNetlinkSocket(thread, fd(), SECURITY_GROUPS, NETLINK_XFRM));
  }

  close(): void {
    for (const listener of [this.links, this.routes, this.vrfRoutes, this.security]) listener.close();
  }
}

/** Forwarding is announced to the netconf groups. */
const LINK_GROUPS = [
  rt.RTNLGRP_LINK,
  rt.RTNLGRP_TC,
  rt.RTNLGRP_IPV4_IFADDR,
  rt.RTNLGRP_IPV6_IFADDR,
  rt.RTNLGRP_IPV4_NETCONF,
  rt.RTNLGRP_IPV6_NETCONF,
];
const ROUTE_GROUPS = [rt.RTNLGRP_IPV4_ROUTE, rt.RTNLGRP_IPV6_ROUTE];
const SECURITY_GROUPS = [XFRMNLGRP_SA, XFRMNLGRP_POLICY];
