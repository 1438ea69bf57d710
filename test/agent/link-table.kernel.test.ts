import { testLinkTable } from './link-table.ts';

testLinkTable('vt-stock');
