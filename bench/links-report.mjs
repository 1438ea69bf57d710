/** Figures of links as a table, and what they are held against. */
import { align } from './report.mjs';

const known = (value, digits) => (value === undefined ? '' : value.toFixed(digits));

export function renderLinks({ traffic, growth }) {
  const rows = traffic.map(({ name, vinet, hand, refused }) => [
    name,
    ...(refused === undefined
      ? [
          known(vinet?.gigabits, 2),
          known(hand?.gigabits, 2),
          known(vinet?.kilopackets, 0),
          known(hand?.kilopackets, 0),
        ]
      : [refused, '', '', '']),
  ]);
  const heading = ['', 'Gbit/s', 'by hand', '1,000 packets/s', 'by hand'];
  const times = growth.map(({ count, vinet, batch }) => [`${count}`, known(vinet, 2), known(batch, 2)]);
  return [
    'one TCP connection, and UDP packets of 64 bytes, through one link',
    align([heading, ...rows]),
    '',
    'links added to running routers, s',
    align([['links', 'vinet apply --wait', 'ip -batch, both nodes'], ...times]),
  ].join('\n');
}

export function judgeLinks({ traffic, growth }) {
  const compared = traffic.filter(({ vinet, hand }) => vinet !== undefined && hand !== undefined);
  const worst = (key) => Math.min(...compared.map(({ vinet, hand }) => vinet[key] / hand[key]));
  const [first, last] = [growth.at(0), growth.at(-1)];
  const slope = last.vinet / first.vinet / (last.count / first.count);
  const speed = last.batch / last.vinet;
  return [
    { text: 'throughput: at least 0.97 of by hand, the worst of all', figure: worst('gigabits') },
    { text: 'packets a second: at least 0.97 of by hand, the worst of all', figure: worst('kilopackets') },
  ]
    .map((mark) => ({ ...mark, met: mark.figure >= 0.97 }))
    .concat([
      {
        text: 'what a link costs among many, of what it costs among few: at most 1.1',
        figure: slope,
        met: slope <= 1.1,
      },
      { text: 'links a second: at least 0.8 of ip -batch', figure: speed, met: speed >= 0.8 },
    ]);
}
