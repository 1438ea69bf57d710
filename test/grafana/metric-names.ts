/** What agents and controller tell Prometheus: the names that dashboards may use, and the labels that they come with. */
export const METRICS: Readonly<Record<string, readonly string[]>> = {
  vinet_routes: ['overlay', 'router', 'node', 'family', 'protocol'],
  vinet_router_destinations: ['overlay', 'router', 'node'],
  vinet_router_destinations_reached: ['overlay', 'router', 'node'],
  vinet_zebra_stream_up: ['overlay', 'router', 'node'],
  vinet_zebra_route_changes_total: ['overlay', 'router', 'node'],
  vinet_zebra_streams_broken_total: ['overlay', 'router', 'node'],
  vinet_route_differences: ['overlay', 'router', 'node', 'kind'],
  vinet_router_last_route_change_timestamp_seconds: ['overlay', 'router', 'node'],
  vinet_router_convergence_seconds: ['overlay', 'router', 'node'],
  vinet_neighbors: ['overlay', 'router', 'node', 'protocol', 'state'],
  ...linkCounters('receive'),
  ...linkCounters('transmit'),
  vinet_tunnel_dropped_packets_total: ['overlay', 'node', 'environment', 'reason'],
  vinet_link_layer_dropped_packets_total: ['overlay', 'node', 'environment', 'reason'],
  vinet_internal_router_dropped_packets_total: ['overlay', 'node', 'environment', 'reason'],
  vinet_ipsec_dropped_packets_total: ['overlay', 'node', 'environment', 'reason'],
  vinet_link_up: ['overlay', 'router', 'node', 'link', 'interface'],
  vinet_frr_daemon_up: ['overlay', 'router', 'node', 'daemon'],
  vinet_frr_daemon_restarts_total: ['overlay', 'router', 'node', 'daemon'],
  vinet_frr_config_drift_lines: ['overlay', 'router', 'node', 'daemon'],
  vinet_frr_daemon_outdated: ['overlay', 'router', 'node', 'daemon'],
  vinet_reconciles_total: ['node', 'result'],
  ...histogram('vinet_reconcile_duration_seconds', ['node']),
  vinet_drift_repairs_total: ['node'],
  vinet_agent_connected: ['node'],
  vinet_overlay_status: ['overlay', 'phase'],
  vinet_overlay_routers: ['overlay'],
  vinet_overlay_routers_ready: ['overlay'],
  vinet_overlay_routes: ['overlay'],
  vinet_overlay_routes_wanted: ['overlay'],
  vinet_overlay_convergence_seconds: ['overlay'],
  vinet_overlay_rerouting_seconds: ['overlay'],
  vinet_node_connected: ['node'],
  vinet_applies_total: ['result'],
  ...histogram('vinet_apply_duration_seconds', []),
  // Of every process of the product; `node` and `job` are the scrape's own.
  process_resident_memory_bytes: ['node', 'job'],
  process_cpu_seconds_total: ['node', 'job'],
};

/** There only where a link has a tunnel, two layers, or IPsec, or a host is in several overlays. */
export const METRICS_OF_SOME_LINKS: readonly string[] = [
  'vinet_tunnel_dropped_packets_total',
  'vinet_link_layer_dropped_packets_total',
  'vinet_internal_router_dropped_packets_total',
  'vinet_ipsec_dropped_packets_total',
];

function linkCounters(direction: 'receive' | 'transmit'): Record<string, string[]> {
  return Object.fromEntries(
    ['bytes', 'packets', 'errors', 'dropped'].map((what) => [
      `vinet_link_${direction}_${what}_total`,
      ['overlay', 'router', 'node', 'link', 'interface'],
    ]),
  );
}

function histogram(name: string, labels: readonly string[]): Record<string, string[]> {
  return {
    [`${name}_bucket`]: [...labels, 'le'],
    [`${name}_sum`]: [...labels],
    [`${name}_count`]: [...labels],
  };
}
