"""The article that is measured with: about 4 KB of JSON, as a newspaper in Taiwan would send it."""

from datetime import UTC, datetime

from shared.article import Article, Author, Image, Tag
from shared.events import Event
from shared.streams import RECEIVED

PRINTED_AT = datetime(2026, 3, 14, 6, 30, tzinfo=UTC)
PARAGRAPHS = (
    "颱風外圍環流今天清晨起影響東半部，花蓮、臺東山區出現豪雨，氣象署提醒民眾避免前往山區與溪流活動。",
    "縣府災害應變中心表示，截至上午十時，共有三處道路因落石封閉，搶修人員已趕赴現場，預計傍晚前恢復單線通車。",
    "臺鐵公司指出，東部幹線列車目前正常行駛，但部分區間車將視雨勢調整班次，旅客出門前可先上網查詢最新時刻表。",
    "農業部呼籲農民提早採收成熟作物，並巡視田間排水設施；若有災損，可向各鄉鎮公所申報，以利後續救助。",
    "居住在沿海地區的林姓居民說，風浪從昨晚開始變大，漁船已全部進港避風，希望這次能平安度過。",
    "衛生局提醒，災後環境清理應穿戴手套與雨鞋，飲用水須煮沸；如有發燒、傷口紅腫等症狀，應儘速就醫。",
    "學校方面，縣內國中小今天照常上課，但戶外活動一律暫停；是否停班停課，縣府將於晚間八時前對外公布。",
    "台電公司說，目前約有四百二十戶因樹木壓斷電線而停電，工程人員已分組搶修，預估深夜前可全數復電。",
    "觀光署統計，本週末東部旅宿取消率約三成，業者多同意保留訂金；遊客若已抵達當地，請留意最新警報並配合疏散。",
    "氣象署預報員指出，颱風中心預計明天中午最接近陸地，之後轉向東北方遠離，各地雨勢週日起趨緩，但仍須留意長浪。",
)


def article(number: int) -> Article:
    """Number `number` of as many as are wanted; they differ in their `uri` only."""
    return Article(
        uri=f"urn:bench:{number}",
        language="zh-Hant-TW",
        headline="颱風逼近東部嚴防豪雨　三處道路落石封閉",
        subtitle="氣象署：入夜後雨勢更大，山區須防坍方",
        byline="記者陳怡君／花蓮報導",
        authors=(Author(name="陳怡君", role="記者"),),
        section="生活",
        body_html="".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS),
        body_text="\n".join(PARAGRAPHS),
        images=(
            Image(
                url="https://media.example.com/2026/03/14/landslide.jpg",
                caption="台九線落石，工程人員以機具清除路面。",
                credit="公路局提供",
                width=1600,
                height=1067,
            ),
        ),
        tags=(Tag(name="颱風"), Tag(name="花蓮", kind="place"), Tag(name="氣象署")),
        source="範例日報",
        first_created=PRINTED_AT,
        version_created=PRINTED_AT,
        date_published=PRINTED_AT,
    )


def event(number: int) -> Event:
    """The same as the first event of its way."""
    return Event.begin(RECEIVED, article(number), PRINTED_AT)
