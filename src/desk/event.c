#include "desk/event.h"
#include "base/must.h"

#define X_NAME_EVENT(id, name, doc) name,
#define X_DOC_EVENT(id, name, doc) doc,
static const char *const names[] = {EVENTS(X_NAME_EVENT)};
static const char *const docs[] = {EVENTS(X_DOC_EVENT)};

const char *
event_name(enum event_kind k)
{
	must((unsigned)k < EVENT_COUNT);
	return names[k];
}

const char *
event_doc(enum event_kind k)
{
	must((unsigned)k < EVENT_COUNT);
	return docs[k];
}

void
event_add(struct txn *t, struct ticket *k, enum event_kind kind,
    const struct actor *who, struct str detail, int64_t now)
{
	must(k->id != 0);
	event_put(t, &(struct event){
			 .ticket = k->id,
			 .seq = ++k->events,
			 .at = now,
			 .kind = str_c(event_name(kind)),
			 .actor = who->name,
			 .detail = detail,
			 .cause = who->cause,
		     });
}
