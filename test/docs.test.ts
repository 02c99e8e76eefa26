import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { parse, parseDocument } from 'yaml';
import { loadConfig, parseConfig } from '../src/config.js';
import { repoRoot } from '../src/core/root.js';
import { parseRateCard } from '../src/exposure/rates.js';

describe('docs', () => {
  it('the config that docs/configuration.md shows is valid', () => {
    const text = readFileSync(join(repoRoot(), 'docs', 'configuration.md'), 'utf8');
    const yaml = /```yaml\n([\s\S]*?)```/.exec(text)?.[1];
    assert.ok(yaml);
    const filled = yaml.replace(/\$\{\w+\}/g, 'x'.repeat(16));
    const config = parseConfig(parseDocument(filled).toJS());
    assert.equal(config.streams.length, 2);
    assert.equal(config.sinks.length, 3);
  });

  it('the rate card and the settings that docs/exposure.md shows are valid', () => {
    const text = readFileSync(join(repoRoot(), 'docs', 'exposure.md'), 'utf8');
    const [card, settings] = [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, yaml = '']) =>
      parse(yaml),
    );
    assert.equal(parseRateCard(card, 'docs').currency, 'EUR');
    // What is shown are the defaults, but for the rates.
    const { rates, ...shown } = parseConfig(settings).exposure;
    assert.ok(rates);
    assert.deepEqual(shown, parseConfig({}).exposure);
  });

  it('the settings that docs/evidence.md shows are the defaults', () => {
    const text = readFileSync(join(repoRoot(), 'docs', 'evidence.md'), 'utf8');
    const { path, ...shown } =
      parseConfig(parse(/```yaml\n([\s\S]*?)```/.exec(text)?.[1] ?? '')).evidence ?? {};
    assert.ok(path);
    assert.deepEqual(shown, parseConfig({ evidence: {} }).evidence);
  });

  it('every link of the README and of docs/ leads somewhere', () => {
    const pages = ['README.md', ...readdirSync(join(repoRoot(), 'docs')).map((f) => join('docs', f))];
    for (const page of pages.filter((p) => p.endsWith('.md'))) {
      const text = readFileSync(join(repoRoot(), page), 'utf8');
      for (const [, target = ''] of text.matchAll(/\]\((?!https?:)([^)#]+)/g)) {
        assert.ok(existsSync(join(repoRoot(), dirname(page), target)), `${page} links to ${target}`);
      }
    }
  });

  it('the example in deploy/ is valid', async () => {
    const environment = { CAM_USER: 'u', CAM_PASSWORD: 'p' };
    const config = await loadConfig(join(repoRoot(), 'deploy', 'logowatch.yaml'), environment);
    assert.equal(config.streams[0]?.url, 'rtsp://u:p@camera.example/live');
    assert.equal(config.streams[1]?.fps, 5);
  });
});
