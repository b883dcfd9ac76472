"""Ready declarations for systems people often have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Preset:
    """A declaration by name; `text` is what an admin could have written."""

    label: str
    text: str


_ROUNDUP = """\
# Roundup issue tracker, classic schema. Address: https://tracker.example.com/demo/rest/
# Source: the REST chapter of Roundup's documentation (version 2.6).
headers: {X-Requested-With: rest, Origin: "{origin}", Referer: "{origin}/"}
streams:
  - name: user
    label: Users
    path: data/user
    records: data.collection
    key: id
    entity: contact
    params: {"@verbose": "2", "@sort": id,
      "@fields": "username,realname,address,phone,organisation,activity"}
    cursor: {param: activity, format: "%Y-%m-%d.%H:%M:%S;", field: activity, lag: 60}
    paging: {kind: page, param: "@page_index", size_param: "@page_size", size: 200}
    total: data.@total_size
    map:
      name: realname
      email: {source: address, options: {on_error: attribute}}
      phone: {source: phone, options: {on_error: attribute}}
      modified_at: {source: activity, options: {formats: [yyyy-mm-dd.hh:nn:ss]}}
  - name: issue
    label: Issues
    path: data/issue
    records: data.collection
    key: id
    entity: interaction
    params: {"@verbose": "2", "@sort": id,
      "@fields": "title,status,priority,assignedto,keyword,creator,creation,activity"}
    cursor: {param: activity, format: "%Y-%m-%d.%H:%M:%S;", field: activity, lag: 60}
    paging: {kind: page, param: "@page_index", size_param: "@page_size", size: 200}
    total: data.@total_size
    map:
      kind: =ticket
      channel: =web
      contact_external_id: creator.id
      subject: title
      outcome: status.name
      occurred_at: {source: creation, options: {formats: [yyyy-mm-dd.hh:nn:ss]}}
      modified_at: {source: activity, options: {formats: [yyyy-mm-dd.hh:nn:ss]}}
writes:
  - name: message
    label: Messages on issues
    op: upsert
    stream: issue
    fields: {text: text}
    required: [text]
    find: {path: data/msg, params: {messageid: "efm.{key}"}, records: data.collection, id: id}
    create: {path: data/msg, id: data.id,
      body: {content: "{text}", messageid: "efm.{key}", author: "{user}", date: "."}}
    update: {method: PUT, path: "data/msg/{id}", body: {content: "{text}"}, etag: true}
    then: {method: PATCH, path: "data/issue/{remote_id}",
      body: {"@op": add, messages: ["{id}"]}, etag: true}
  - name: issue
    label: Titles of issues
    op: update
    stream: issue
    fields: {title: text}
    update: {method: PUT, path: "data/issue/{remote_id}", etag: true}
"""

_REVIEWS = """\
# Reviews or ratings that an interface lists page by page. Change the names to those it uses.
streams:
  - name: reviews
    label: Reviews
    path: reviews
    records: reviews
    key: id
    entity: interaction
    cursor: {param: updated_since, format: iso, field: updated_at, lag: 300}
    paging: {kind: page, param: page, size_param: per_page, size: 100}
    deletes: none
    map:
      kind: =review
      channel: =web
      contact_external_id: author.id
      subject: title
      outcome: rating
      occurred_at: created_at
      modified_at: updated_at
      attributes.text: text
      attributes.stars: rating
"""

PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        "own": Preset("Described below", ""),
        "roundup": Preset("Roundup issue tracker", _ROUNDUP),
        "reviews": Preset("Reviews feed", _REVIEWS),
    }
)
