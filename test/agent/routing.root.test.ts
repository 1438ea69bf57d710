import { testRoutingTable } from './routing-table.ts';

testRoutingTable('vtp', 'namespace');
