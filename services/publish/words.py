"""What the site itself says to readers, in the four languages it can speak."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """One language's words. `{}` stands for the thing spoken of."""

    locale: str
    """For Open Graph: https://ogp.me/#optional"""
    skip: str
    sections: str
    you_are_here: str
    home: str
    search: str
    published: str
    updated: str
    last_updated: str
    text_size: str
    small: str
    normal: str
    large: str
    byline: str
    between: str
    photo: str
    correction: str
    update: str
    correction_prefix: str
    """Before the headline of a corrected story, where a reader sees only the headline."""
    newer: str
    """Before the headline of an article that evolved from the one on the page."""
    expired: str
    tags: str
    tag: str
    author: str
    related: str
    elsewhere: str
    share: str
    share_on: str
    source: str
    original: str
    """The link back, where somebody else shows the story."""
    latest: str
    more_news: str
    more_of: str
    empty: str
    empty_hint: str
    subscribe: str
    whole: str
    """Leads from a post to the whole story."""
    gone: str
    gone_hint: str
    gone_when: str
    withheld: str
    withheld_hint: str
    not_found: str
    not_found_hint: str
    back_home: str


_ZH_HANT = Words(
    locale="zh_TW",
    skip="跳到主要內容",
    sections="新聞分類",
    you_are_here="目前位置",
    home="首頁",
    search="搜尋新聞",
    published="發布日期：",
    updated="更新：",
    last_updated="最後更新",
    text_size="字級",
    small="小字",
    normal="標準字",
    large="大字",
    byline="記者{}",
    between="、",
    photo="圖／{}",
    correction="更正",
    update="更新",
    correction_prefix="【更正】",
    newer="最新報導",
    expired="這則新聞已過時效，內容可能不再適用。",
    tags="關鍵字",
    tag="關鍵字",
    author="作者",
    related="相關新聞",
    elsewhere="外部連結",
    share="分享",
    share_on="分享到 {}",
    source="資料來源：{}",
    original="閱讀原文",
    latest="即時新聞",
    more_news="更多新聞",
    more_of="更多{}新聞",
    empty="目前還沒有新聞",
    empty_hint="報導刊出後，會立刻出現在這裡。",
    subscribe="訂閱",
    whole="全文",
    gone="本則新聞已撤下",
    gone_hint="編輯部已撤下這則新聞，原網址不再提供內容。",
    gone_when="撤下時間：",
    withheld="本則新聞暫時下架",
    withheld_hint="編輯部正在查核這則新聞，恢復刊登後網址不變，請稍後再來。",
    not_found="找不到這個網頁",
    not_found_hint="網址可能有誤，也可能網頁已經移除。",
    back_home="回首頁",
)

_ZH_HANS = Words(
    locale="zh_CN",
    skip="跳到正文",
    sections="新闻分类",
    you_are_here="当前位置",
    home="首页",
    search="搜索新闻",
    published="发布时间：",
    updated="更新：",
    last_updated="最后更新",
    text_size="字号",
    small="小字",
    normal="标准字",
    large="大字",
    byline="记者{}",
    between="、",
    photo="图／{}",
    correction="更正",
    update="更新",
    correction_prefix="【更正】",
    newer="最新报道",
    expired="这条新闻已过时效，内容可能不再适用。",
    tags="关键词",
    tag="关键词",
    author="作者",
    related="相关新闻",
    elsewhere="外部链接",
    share="分享",
    share_on="分享到 {}",
    source="资料来源：{}",
    original="阅读原文",
    latest="即时新闻",
    more_news="更多新闻",
    more_of="更多{}新闻",
    empty="目前还没有新闻",
    empty_hint="报道发布后，会立刻出现在这里。",
    subscribe="订阅",
    whole="全文",
    gone="本条新闻已撤下",
    gone_hint="编辑部已撤下这条新闻，原网址不再提供内容。",
    gone_when="撤下时间：",
    withheld="本条新闻暂时下架",
    withheld_hint="编辑部正在核实这条新闻，恢复发布后网址不变，请稍后再来。",
    not_found="找不到这个网页",
    not_found_hint="网址可能有误，也可能网页已经移除。",
    back_home="返回首页",
)

_JA = Words(
    locale="ja_JP",
    skip="本文へ移動",
    sections="ニュースの分野",
    you_are_here="現在の位置",
    home="トップ",
    search="ニュースを検索",
    published="公開：",
    updated="更新：",
    last_updated="最終更新",
    text_size="文字サイズ",
    small="小",
    normal="標準",
    large="大",
    byline="{}記者",
    between="、",
    photo="写真：{}",
    correction="訂正",
    update="更新",
    correction_prefix="【訂正】",
    newer="続報",
    expired="この記事は掲載期限を過ぎています。内容が現状と異なる場合があります。",
    tags="キーワード",
    tag="キーワード",
    author="筆者",
    related="関連ニュース",
    elsewhere="外部リンク",
    share="共有",
    share_on="{} で共有",
    source="出典：{}",
    original="元の記事を読む",
    latest="新着ニュース",
    more_news="その他のニュース",
    more_of="{}をもっと見る",
    empty="まだ記事がありません",
    empty_hint="記事が公開されると、ここに表示されます。",
    subscribe="購読",
    whole="全文",
    gone="この記事は取り下げられました",
    gone_hint="編集部がこの記事を取り下げました。内容は公開していません。",
    gone_when="取り下げ日時：",
    withheld="この記事は一時的に非公開です",
    withheld_hint="編集部が内容を確認しています。再公開後も URL は変わりません。",
    not_found="ページが見つかりません",
    not_found_hint="URL が間違っているか、ページが削除された可能性があります。",
    back_home="トップへ戻る",
)

_EN = Words(
    locale="en_US",
    skip="Skip to content",
    sections="Sections",
    you_are_here="You are here",
    home="Home",
    search="Search the news",
    published="Published: ",
    updated="Updated: ",
    last_updated="Last updated",
    text_size="Text size",
    small="Small",
    normal="Normal",
    large="Large",
    byline="By {}",
    between=", ",
    photo="Photo: {}",
    correction="Correction",
    update="Update",
    correction_prefix="Correction: ",
    newer="Newer report",
    expired="This story is out of date. What it says may no longer hold.",
    tags="Tags",
    tag="Tag",
    author="Author",
    related="Related news",
    elsewhere="external link",
    share="Share",
    share_on="Share on {}",
    source="Source: {}",
    original="Read the original",
    latest="Latest",
    more_news="More news",
    more_of="More {}",
    empty="No news yet",
    empty_hint="Stories appear here as soon as they are published.",
    subscribe="Subscribe",
    whole="Full story",
    gone="This story has been withdrawn",
    gone_hint="The newsroom has withdrawn this story. It is no longer available here.",
    gone_when="Withdrawn: ",
    withheld="This story is temporarily unavailable",
    withheld_hint="The newsroom is reviewing it. If it returns, it will be at this address.",
    not_found="Page not found",
    not_found_hint="The address may be wrong, or the page may have been removed.",
    back_home="Back to the front page",
)


def words_for(language: str) -> Words:
    """The words for a BCP 47 language; English for one the site does not speak.

    >>> words_for("zh-TW").related, words_for("zh-CN").related
    ('相關新聞', '相关新闻')
    """
    primary, *subtags = language.lower().split("-")
    if primary == "zh":
        regions = {"cn", "sg"}.intersection(subtags)
        simplified = "hans" in subtags or (regions and "hant" not in subtags)
        return _ZH_HANS if simplified else _ZH_HANT
    return {"ja": _JA}.get(primary, _EN)
