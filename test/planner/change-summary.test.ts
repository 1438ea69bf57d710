import { expect, test } from 'vitest';
import { hideSecrets } from '../../src/planner/change-summary.ts';

test.each([
  'ip ospf message-digest-key 7 md5 SECRET',
  'no ip ospf authentication-key SECRET',
  'ipv6 ospf6 authentication key-id 1 hash-algo hmac-sha-256 key SECRET',
  'isis password md5 SECRET',
  'isis password clear SECRET',
  'area-password clear SECRET',
  'domain-password md5 SECRET',
  'ip rip authentication string SECRET',
  'key-string SECRET',
  'neighbor 10.0.0.1 password SECRET',
])('a plan does not tell the secret of "%s"', (line) => {
  const shown = hideSecrets(line);
  expect(shown).not.toContain('SECRET');
  expect(shown.endsWith('…')).toBe(true);
});

test('what is no secret is told as it is', () => {
  const line = 'ip ospf authentication message-digest';
  expect(hideSecrets(line)).toBe(line);
});
