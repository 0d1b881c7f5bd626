/** The words of the benchmark's conversations, the frequent ones first. */
export const WORDS =
  `the I you to and a it is that of in for we on have do can be your my this with are okay yes not so was at
if will would me just what know get about no there right let like thank an call from could but our up please need all one how
when sure number back time see want they day good or help now out today looking go think has more account had by work take
think's still did some make also their two any been after which order before give them week might really check possible he she
phone morning afternoon send email name address tomorrow us moment understand great problem may hear service team information
speak sorry anything else perfect question actually already something first other where who payment because appointment
available office company here through send change into than then should put next last again system delivery month bill maybe
customer support insurance policy question's date address's home house service's card credit schedule monday tuesday wednesday
thursday friday saturday sunday january february march april may june july august september october november december message
minutes hours working looking calling trying asking told said spoke heard received sent missed waiting started finished closed
opened moved changed cancelled confirmed booked paid charged refunded returned shipped delivered damaged broken replaced repaired
quote estimate price cost total amount balance invoice receipt statement interest rate fee discount offer plan upgrade renewal
contract lease loan mortgage claim accident vehicle car truck tire engine battery driver license registration plate inspection
doctor nurse clinic hospital patient prescription pharmacy pill dose pain fever allergy surgery test result chart referral
dentist tooth cleaning crown filling insurance's provider network deductible copay coverage dependent spouse husband wife son
daughter mother father brother sister friend neighbor manager supervisor agent representative technician plumber electrician
roof window door kitchen bathroom basement garage garden fence driveway water heater furnace filter leak pipe outlet switch
breaker internet router modem signal cable tower outage speed download password login website page link browser app screen
button menu tablet laptop printer camera speaker headset charger warranty serial model version software update install reboot
flight hotel room ticket passport luggage gate airline seat window's aisle reservation check-in arrival departure delay weather
storm snow rain heat cold traffic bridge highway exit street avenue road drive lane court suite apartment floor building corner
north south east west downtown county city state country zip code extension area border school teacher student class grade
college university degree course exam library book paper pencil bus train station platform ticket's driver's schedule's restaurant
table dinner lunch breakfast menu's coffee tea sandwich salad chicken vegetable fruit bread cheese sauce spicy allergy's gluten
party wedding birthday gift flowers cake music band photographer venue deposit guest list invitation color blue green red black
white silver large medium small extra size shape weight inches pounds dozen pair set box package label tracking carrier warehouse
stock shelf supplier factory part screw bolt panel frame glass steel plastic leather cotton carpet paint brush ladder hammer
honestly probably usually generally especially definitely absolutely certainly unfortunately apparently exactly roughly nearly
basically frankly quickly slowly carefully directly separately together otherwise instead however although unless until while
wonderful terrible strange difficult simple easy urgent important serious correct wrong different similar specific general
personal private public local national early late recent previous current final average common rare strong weak heavy light
describe explain repeat spell verify update remove include exclude compare recommend suggest prefer decide agree refuse accept
decline forward transfer hold mute record listen notice remember forget believe hope expect worry apologize appreciate complain
resolve escalate investigate approve review submit process print sign scan upload attach expire extend pause resume skip`.split(
    /\s+/,
  );
