BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0002');
CREATE TABLE articles (
	id TEXT NOT NULL, 
	url TEXT NOT NULL, 
	site TEXT NOT NULL, 
	section_id TEXT, 
	section_label TEXT, 
	headline TEXT NOT NULL, 
	authors JSON NOT NULL, 
	date_published TEXT, 
	date_published_source TEXT, 
	date_modified TEXT, 
	date_modified_source TEXT, 
	body TEXT NOT NULL, 
	captions JSON NOT NULL, 
	keywords JSON NOT NULL, 
	truncated BOOLEAN NOT NULL, 
	layout TEXT NOT NULL, 
	problems JSON NOT NULL, 
	version INTEGER NOT NULL, 
	changed INTEGER NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "articles" VALUES('a/example/1','https://example.org/story/1','example.org',NULL,'바다','조용한 항만','["도하린"]','2024-03-06T20:00:00+09:00','meta',NULL,NULL,'항만은 다시 붐볐다.','["부두의 밤."]','["항만"]',0,'generic','[]',2,4);
INSERT INTO "articles" VALUES('a/example/40','https://example.org/story/40','example.org',NULL,'바다','조용한 항만','["도하린"]','2024-03-06T20:00:00+09:00','meta',NULL,NULL,'다리 위의 장터.','["부두의 밤."]','["항만"]',0,'generic','[]',1,7);
CREATE TABLE entries (
	id TEXT NOT NULL, 
	issue_id TEXT NOT NULL, 
	position INTEGER NOT NULL, 
	section_id TEXT, 
	section_label TEXT, 
	headline TEXT NOT NULL, 
	authors JSON NOT NULL, 
	body TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	changed INTEGER NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(issue_id) REFERENCES issues (id) ON DELETE CASCADE
);
INSERT INTO "entries" VALUES('lantern/1#1','lantern/1',1,'interview','등대 인터뷰','머리 1','["나루안"]','느린 배가 간다.

물은 차고 깊다.',2,3);
INSERT INTO "entries" VALUES('lantern/1#2','lantern/1',2,NULL,'낯선 칸','머리 2','["나루안"]','등대에 새 불이 켜졌다.',1,1);
INSERT INTO "entries" VALUES('lantern/2#1','lantern/2',1,'interview','등대 인터뷰','머리 1','["나루안"]','다리가 놓였다.',1,7);
INSERT INTO "entries" VALUES('lantern/2#2','lantern/2',2,'interview','등대 인터뷰','머리 2','["나루안"]','비가 온다.',1,5);
INSERT INTO "entries" VALUES('lantern/3#1','lantern/3',1,'interview','등대 인터뷰','머리 1','["나루안"]','편지로만 왔다.',1,6);
CREATE TABLE fetches (
	url TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	publication TEXT, 
	article_id TEXT, 
	outcome TEXT, 
	status INTEGER, 
	reason TEXT, 
	attempts INTEGER NOT NULL, 
	first_seen TEXT NOT NULL, 
	last_attempt TEXT, etag TEXT, last_modified TEXT, checks INTEGER DEFAULT '0' NOT NULL, due TEXT, 
	PRIMARY KEY (url)
);
INSERT INTO "fetches" VALUES('https://letters.example.org/1','issue','lantern',NULL,'ok',200,NULL,1,'2024-03-07T03:17:00+09:00','2024-03-07T03:17:00+09:00',NULL,NULL,0,NULL);
INSERT INTO "fetches" VALUES('https://example.org/story/1?page=1','article',NULL,'a/example/1','ok',200,NULL,1,'2024-03-07T03:17:00+09:00','2024-03-07T03:17:00+09:00',NULL,NULL,0,NULL);
INSERT INTO "fetches" VALUES('https://example.org/story/2?page=1','article',NULL,'a/example/2','failed',500,'500',1,'2024-03-07T03:17:00+09:00','2024-03-07T03:17:00+09:00',NULL,NULL,0,'2024-03-07');
INSERT INTO "fetches" VALUES('https://example.org/story/4?page=1','article',NULL,'a/example/4','ok',200,NULL,1,'2024-03-14T03:17:00+09:00','2024-03-14T03:17:00+09:00',NULL,NULL,0,NULL);
INSERT INTO "fetches" VALUES('https://example.org/story/5?page=1','article',NULL,'a/example/5','gone',404,NULL,1,'2024-03-14T03:17:00+09:00','2024-03-14T03:17:00+09:00',NULL,NULL,0,NULL);
INSERT INTO "fetches" VALUES('https://example.org/story/6?page=1','article',NULL,'a/example/6','failed',500,'500',6,'2024-03-14T03:17:00+09:00','2024-03-19T03:17:00+09:00',NULL,NULL,0,NULL);
INSERT INTO "fetches" VALUES('https://example.org/story/7?page=1','article',NULL,'a/example/7','unreachable',NULL,'no such name',6,'2024-03-14T03:17:00+09:00','2024-03-19T03:17:00+09:00',NULL,NULL,0,'2024-03-19');
INSERT INTO "fetches" VALUES('https://example.org/story/8?page=1','article',NULL,'a/example/8','refused',403,'403',1,'2024-03-19T03:17:00+09:00','2024-03-19T03:17:00+09:00',NULL,NULL,0,'2024-03-19');
INSERT INTO "fetches" VALUES('https://naru.example/letters','list','lantern',NULL,'ok',200,NULL,0,'2024-03-22T03:17:00+09:00','2024-03-22T03:17:00+09:00','"7"',NULL,0,NULL);
CREATE TABLE issues (
	id TEXT NOT NULL, 
	publication_id TEXT NOT NULL, 
	number INTEGER, 
	headline TEXT, 
	url TEXT, 
	date_published TEXT, 
	date_published_source TEXT, 
	notices JSON NOT NULL, 
	problems JSON NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(publication_id) REFERENCES publications (id)
);
INSERT INTO "issues" VALUES('lantern/1','lantern',1,'부두의 밤 1','https://letters.example.org/1','2024-03-07T00:00:00+09:00','body','["다음 호는 쉽니다."]','[]');
INSERT INTO "issues" VALUES('lantern/2','lantern',2,'부두의 밤 2','https://letters.example.org/2','2024-03-14T00:00:00+09:00','body','["다음 호는 쉽니다."]','[]');
INSERT INTO "issues" VALUES('lantern/3','lantern',3,'부두의 밤 3',NULL,'2024-03-15T00:00:00+09:00','body','["다음 호는 쉽니다."]','[]');
CREATE TABLE links (
	entry_id TEXT NOT NULL, 
	position INTEGER NOT NULL, 
	url TEXT, 
	canonical_url TEXT, 
	text TEXT NOT NULL, 
	article_id TEXT NOT NULL, 
	PRIMARY KEY (entry_id, position)
);
INSERT INTO "links" VALUES('lantern/1#1',1,'https://example.org/story/1?page=1','https://example.org/story/1','읽기','a/example/1');
INSERT INTO "links" VALUES('lantern/1#1',2,'https://example.org/story/2?page=1','https://example.org/story/2','읽기','a/example/2');
INSERT INTO "links" VALUES('lantern/1#2',1,'https://example.org/story/3?page=1','https://example.org/story/3','읽기','a/example/3');
INSERT INTO "links" VALUES('lantern/2#1',1,'https://example.org/story/4?page=1','https://example.org/story/4','읽기','a/example/40');
INSERT INTO "links" VALUES('lantern/2#1',2,'https://example.org/story/5?page=1','https://example.org/story/5','읽기','a/example/5');
INSERT INTO "links" VALUES('lantern/2#2',1,'https://example.org/story/6?page=1','https://example.org/story/6','읽기','a/example/6');
INSERT INTO "links" VALUES('lantern/2#2',2,'https://example.org/story/7?page=1','https://example.org/story/7','읽기','a/example/7');
INSERT INTO "links" VALUES('lantern/2#2',3,'https://example.org/story/8?page=1','https://example.org/story/8','읽기','a/example/8');
INSERT INTO "links" VALUES('lantern/3#1',1,'https://example.org/story/9?page=1','https://example.org/story/9','읽기','a/example/9');
CREATE TABLE listings (
	url TEXT NOT NULL, 
	publication TEXT NOT NULL, 
	headline TEXT NOT NULL, 
	date TEXT NOT NULL, 
	first_seen TEXT NOT NULL, 
	PRIMARY KEY (url)
);
INSERT INTO "listings" VALUES('https://naru.example/letters/15','lantern','세 번째 봄','2024-03-28','2024-03-22T03:17:00+09:00');
CREATE TABLE meta (
	"key" TEXT NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY ("key")
);
INSERT INTO "meta" VALUES('store_id','b4a9373c-a012-4282-95c2-06c24fe31818');
INSERT INTO "meta" VALUES('changed','7');
CREATE TABLE nights (
	started_at TEXT NOT NULL, 
	finished_at TEXT, 
	exit_code INTEGER, 
	report JSON, 
	PRIMARY KEY (started_at)
);
INSERT INTO "nights" VALUES('2024-03-21T03:17:00+09:00','2024-03-21T03:19:08+09:00',0,'{"started_at": "2024-03-21T03:17:00+09:00", "exit_code": 0, "ok": true, "faults": [], "publications": []}');
INSERT INTO "nights" VALUES('2024-03-22T03:17:00+09:00',NULL,NULL,'null');
CREATE TABLE publications (
	id TEXT NOT NULL, 
	title TEXT NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "publications" VALUES('lantern','등대 편지');
CREATE TABLE quarantine (
	id INTEGER NOT NULL, 
	url TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	content BLOB NOT NULL, 
	content_sha256 TEXT NOT NULL, 
	count INTEGER NOT NULL, 
	created_at TEXT NOT NULL, 
	PRIMARY KEY (id), 
	CONSTRAINT quarantine_once UNIQUE (url, reason, content_sha256)
);
INSERT INTO "quarantine" VALUES(1,'https://letters.example.org/9','issue','no entry found',X'','e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',1,'2024-03-07T03:17:00+09:00');
CREATE TABLE redirects (
	requested_id TEXT NOT NULL, 
	article_id TEXT NOT NULL, 
	PRIMARY KEY (requested_id)
);
INSERT INTO "redirects" VALUES('a/example/4','a/example/40');
CREATE TABLE removed (
	document_id TEXT NOT NULL, 
	changed INTEGER NOT NULL, 
	PRIMARY KEY (document_id)
);
INSERT INTO "removed" VALUES('lantern/1#3',3);
CREATE TABLE versions (
	document_id TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	content JSON NOT NULL, 
	superseded_at TEXT NOT NULL, 
	PRIMARY KEY (document_id, version)
);
INSERT INTO "versions" VALUES('lantern/1#1',1,'{"section_id": "interview", "section_label": "등대 인터뷰", "headline": "머리 1", "authors": ["나루안"], "body": "느린 배가 간다.\n\n물은 차다.", "links": [{"position": 1, "text": "읽기", "canonical_url": "https://example.org/story/1"}, {"position": 2, "text": "읽기", "canonical_url": "https://example.org/story/2"}]}','2024-03-08T03:17:00+09:00');
INSERT INTO "versions" VALUES('lantern/1#3',1,'{"section_id": "interview", "section_label": "등대 인터뷰", "headline": "머리 3", "authors": ["나루안"], "body": "사라질 글이다.", "links": []}','2024-03-08T03:17:00+09:00');
INSERT INTO "versions" VALUES('a/example/1',1,'{"url": "https://example.org/story/1", "site": "example.org", "section_id": null, "section_label": "바다", "headline": "조용한 항만", "authors": ["도하린"], "body": "항만은 조용했다.", "date_published": "2024-03-06T20:00:00+09:00", "date_published_source": "meta", "date_modified": null, "date_modified_source": null, "captions": ["부두의 밤."], "keywords": ["항만"], "truncated": false}','2024-03-08T03:17:00+09:00');
CREATE INDEX issues_publication ON issues (publication_id);
CREATE INDEX entries_issue ON entries (issue_id);
CREATE INDEX entries_changed ON entries (changed);
CREATE INDEX articles_changed ON articles (changed);
CREATE INDEX links_article ON links (article_id);
CREATE INDEX redirects_article ON redirects (article_id);
CREATE INDEX fetches_article ON fetches (article_id);
CREATE INDEX removed_changed ON removed (changed);
CREATE INDEX listings_publication ON listings (publication);
COMMIT;
