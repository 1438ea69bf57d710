import {
  attributeText,
  attributeU8,
  attributeU32,
  encodeMessage,
  NLM_F_CREATE,
  NLM_F_EXCL,
  nested,
} from './netlink-message.ts';
import * as rt from './rtnetlink.ts';

/** RTM_NEWLINK of a VRF device, down, with an index of the kernel's choice. */
export function encodeNewVrf(name: string, table: number): Buffer {
  return encodeMessage(
    rt.RTM_NEWLINK,
    NLM_F_CREATE | NLM_F_EXCL,
    Buffer.alloc(rt.LINK_HEADER_BYTES),
    attributeText(rt.IFLA_IFNAME, name),
    nested(
      rt.IFLA_LINKINFO,
      attributeText(rt.IFLA_INFO_KIND, 'vrf'),
      nested(rt.IFLA_INFO_DATA, attributeU32(IFLA_VRF_TABLE, table)),
    ),
  );
}

/**
 * RTM_NEWRULE: what no route of its VRF leads on is unreachable, instead of being looked up in the main table. It comes
 * behind the kernel's own rule for VRFs, which has preference 1000. A rule is no route: no daemon takes it for a default
 * that it might announce.
 */
export function encodeVrfBarrier(family: number): Buffer {
  const header = Buffer.alloc(RULE_HEADER_BYTES);
  header.writeUInt8(family, 0);
  header.writeUInt8(FR_ACT_UNREACHABLE, 7);
  return encodeMessage(
    RTM_NEWRULE,
    NLM_F_CREATE | NLM_F_EXCL,
    header,
    attributeU32(FRA_PRIORITY, BARRIER_PREFERENCE),
    attributeU8(FRA_L3MDEV, 1),
  );
}

const BARRIER_PREFERENCE = 2000;
const IFLA_VRF_TABLE = 1;
/** linux/fib_rules.h */
const RTM_NEWRULE = 32;
const RULE_HEADER_BYTES = 12;
const FR_ACT_UNREACHABLE = 7;
const FRA_PRIORITY = 6;
const FRA_L3MDEV = 19;
